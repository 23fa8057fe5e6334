"""on_terminal.py INPUT COMMAND...: runs a command as the session leader of a new terminal, types INPUT once it has shown
something, prints what it showed and whether the terminal is as it was, and ends as it ends. Gives up after a minute."""
import fcntl, os, pty, select, struct, sys, termios, time

parent, child = pty.openpty()
fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
before = termios.tcgetattr(child)
process = os.fork()
if process == 0:
    os.setsid()
    fcntl.ioctl(child, termios.TIOCSCTTY, 0)
    for stream in (0, 1, 2):
        os.dup2(child, stream)
    os.execvp(sys.argv[2], sys.argv[2:])
shown, typed, limit = b"", False, time.monotonic() + 60
code = None
while code is None:
    if time.monotonic() > limit:
        os.kill(process, 9)
    while select.select([parent], [], [], 0.05)[0]:
        shown += os.read(parent, 65536)
    if not typed and (b"[y/N]" in shown or b"q quits" in shown):
        os.write(parent, sys.argv[1].encode() + (b"\n" if b"[y/N]" in shown else b""))
        typed = True
    ended, status = os.waitpid(process, os.WNOHANG)
    if ended:
        code = os.waitstatus_to_exitcode(status)
while select.select([parent], [], [], 0)[0]:
    shown += os.read(parent, 65536)
sys.stdout.write(shown.decode(errors="replace"))
print("restored" if termios.tcgetattr(child) == before else "changed")
sys.exit(code if code >= 0 else 128 - code)
