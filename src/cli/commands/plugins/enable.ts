/** `openclaw plugins enable CHANNEL`. */
import { switchCommand } from './switch.ts';

export default switchCommand(true);
