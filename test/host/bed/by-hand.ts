/** `node test/host/bed/by-hand.ts bookworm|trixie`: boots a host, prints how to enter it, and takes it down at the end of its input. */
import { bootBed, sweepBeds, type Suite } from './bed.ts';

sweepBeds();
const bed = await bootBed((process.argv[2] ?? 'trixie') as Suite);
console.log(bed.sh('cat /etc/os-release; systemctl is-system-running; ip -br addr; echo "pid $$"').stdout);
console.log(`root: ${bed.root}`);
process.stdin.resume();
process.stdin.once('end', () => void bed.down());
process.once('SIGTERM', () => void bed.down().then(() => process.exit(0)));
