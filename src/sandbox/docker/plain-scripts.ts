/**
 * Owns the shell programs of the slow way, for images without Python: POSIX sh, and of programs only cat, chmod, head, mkdir,
 * mv, readlink, rm, sleep, stat, tail and wc, as in busybox. Values come as arguments, never as text of the program.
 */

/** $1 mark, $2 directory, then the program and its arguments. Says its process id on stderr before it becomes the program. */
export const runScript = `mark=$1 dir=$2; shift 2
cd -- "$dir" 2>/dev/null || { echo "$mark cwd" >&2; exit 0; }
echo "$mark $$" >&2
exec "$@"`;

/** Prints the process ids whose parent is the container's first process; at the start that is its main process. */
export const mainScript = `for dir in /proc/[0-9]*; do
  while read -r key value; do
    [ "$key" = PPid: ] && [ "$value" = 1 ] && echo "\${dir#/proc/}"
  done 2>/dev/null < "$dir/status"
done; true`;

/**
 * $1 main process, then the ids of commands that go on. Ends everything else but itself: what a command started and let go of
 * cannot be told from others' here, so nobody's stray survives. TERM, 2 seconds, KILL until nothing is left; 1 when something is.
 */
export const killScript = `main=$1; shift; spared=" $$ $main $* "
parent() { parent=0; while read -r key value; do [ "$key" = PPid: ] && { parent=$value; break; }; done 2>/dev/null < "/proc/$1/status"; }
victims() {
  victims=
  for dir in /proc/[0-9]*; do
    pid=\${dir#/proc/}; up=$pid
    while [ "$up" -gt 1 ]; do
      case "$spared" in *" $up "*) break;; esac
      parent "$up"; up=$parent
    done
    [ "$up" -gt 1 ] || [ "$pid" = 1 ] || victims="$victims $pid"
  done
  [ -n "$victims" ]
}
strike() { for pid in $victims; do kill -s "$1" "$pid" 2>/dev/null; done; }
victims || exit 0
strike TERM; strike CONT
for second in 1 2; do sleep 1; victims || exit 0; done
for round in 1 2 3 4 5 6 7 8 9 10; do
  victims || exit 0
  strike STOP; victims && strike KILL
done
sleep 1; victims && strike KILL
sleep 1; ! victims`;

/** Exit codes of the two below. */
export const fileRefusals: Record<number, 'not_found' | 'invalid' | 'denied' | 'limit'> = {
  20: 'not_found',
  21: 'invalid',
  22: 'denied',
  23: 'limit',
};

/** $1 path, $2 first byte counted from 1, $3 how many. Prints the size, a newline, the bytes. */
export const readScript = `p=$1
[ -e "$p" ] || exit 20; [ -f "$p" ] || exit 21; [ -r "$p" ] || exit 22
wc -c < "$p" || exit 22
tail -c +"$2" -- "$p" | head -c "$3"`;

/** $1 path, $2 how many bytes come on stdin. Whole or not at all. */
export const writeScript = `p=$(readlink -f -- "$1") || p=$1
[ -d "$p" ] && exit 21
if [ -e "$p" ]; then [ -f "$p" ] || exit 21; [ -w "$p" ] || exit 22; fi
mkdir -p -- "\${p%/*}" || exit 22
part="\${p%/*}/.openclaw-$$.part"
trap 'rm -f -- "$part"' EXIT
( set -C; : > "$part" ) || exit 22
cat > "$part"
[ "$(wc -c < "$part")" -eq "$2" ] || exit 23
[ -e "$p" ] && chmod "$(stat -c %a -- "$p")" "$part"
mv -f -- "$part" "$p" || exit 22`;
