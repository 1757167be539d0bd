/** `openclaw plugins disable CHANNEL`. */
import { switchCommand } from './switch.ts';

export default switchCommand(false);
