"""Reading what strace wrote: lines as it wrote them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fault.trace.strace import BypassError, Step, calls, steps

TOP, CWD = Path("/card/e"), Path("/card")

SEALED = """\
71  mkdir("/card/e", 0700)                = 0
71  mkdir("/card/e", 0700)                = -1 EEXIST (File exists)
71  mkdir("/card/e/r", 0700)              = 0
71  newfstatat(AT_FDCWD</card>, "/card/e/r/m.new", 0x7ffe1032de80, 0) = -1 ENOENT (No such file or directory)
71  openat(AT_FDCWD</card>, "/card/e/r/m.new", O_RDWR|O_CREAT|O_EXCL|O_NOFOLLOW|O_APPEND|O_CLOEXEC, 0600) = 5</card/e/r/m.new>
71  fallocate(5</card/e/r/m.new>, FALLOC_FL_KEEP_SIZE, 0, 65536) = 0
71  write(5</card/e/r/m.new>, ""..., 1959) = 1959
71  fdatasync(5</card/e/r/m.new>)         = 0
71  ftruncate(5</card/e/r/m.new>, 1959)   = 0
71  rename("/card/e/r/m.new", "/card/e/r/m") = 0
71  write(5</card/e/r/m>, ""..., 1)       = 1
71  ftruncate(5</card/e/r/m>, 1960)       = 0
71  close(5</card/e/r/m>)                 = 0
71  openat(AT_FDCWD</card>, "/card/e/r", O_RDONLY|O_CLOEXEC|O_DIRECTORY) = 6</card/e/r>
71  fsync(6</card/e/r>)                   = 0
71  close(6</card/e/r>)                   = 0
71  write(2</card/log>, ""..., 20)        = 20
71  openat(AT_FDCWD</card>, "/card/elsewhere", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 6</card/elsewhere>
71  unlink("/card/e/r/m")                 = 0
71  rmdir("/card/e/r")                    = 0
71  +++ exited with 0 +++
"""


def read(text: str) -> list[Step]:
    """The steps of a trace."""
    return steps(text.splitlines(keepends=True), TOP, CWD)


def test_a_file_that_is_replaced_atomically() -> None:
    """Each change in order; what failed, what only reads and what is elsewhere is none; room changes no size."""
    assert [str(step) for step in read(SEALED)] == [
        "mkdir r",
        "create r/m.new",
        "append r/m.new 1959",
        "sync r/m.new",
        "rename r/m.new r/m",
        "append r/m 1",
        "sync r",
        "remove r/m",
        "rmdir r",
    ]


def test_the_calls_that_other_machines_make_instead() -> None:
    """Relative to a descriptor, as on arm64, whatever stands in the names."""
    text = r"""
9 mkdirat(AT_FDCWD</card/e>, "a, \"\303\274\"", 0700) = 0
9 renameat2(AT_FDCWD</card/e>, "a, \"\303\274\"", 4</card/e/x>, "b\\", 0) = 0
9 renameat(AT_FDCWD</card>, "e/x/b\\", AT_FDCWD</card>, "/card/e/c") = 0
9 unlinkat(4</card/e>, "c", AT_REMOVEDIR) = 0
9 unlinkat(4</card/e>, "d", 0) = 0
9 write(7</card/e/d>(deleted), ""..., 5) = 5
"""
    assert read(text) == [
        Step("mkdir", 'a, "ü"'),
        Step("rename", 'a, "ü"', "x/b\\"),
        Step("rename", "x/b\\", "c"),
        Step("rmdir", "c"),
        Step("remove", "d"),
        Step("append", "d (deleted)", 5),
    ]


def test_sizes_follow_their_files_through_a_renamed_directory() -> None:
    """Giving room back is judged by the size of this very file."""
    text = """
9 openat(AT_FDCWD</card>, "/card/e/a/f", O_RDWR|O_CREAT|O_EXCL|O_APPEND, 0600) = 3</card/e/a/f>
9 write(3</card/e/a/f>, ""..., 3) = 3
9 rename("/card/e/a", "/card/e/b") = 0
9 ftruncate(3</card/e/b/f>, 3) = 0
"""
    assert len(read(text)) == 3
    with pytest.raises(BypassError, match="ftruncate changes the size, which is 3"):
        read(text + "9 ftruncate(3</card/e/b/f>, 2) = 0\n")


def test_threads_are_put_apart() -> None:
    """A call counts when it returns; what a thread began before another one spoke is put together again."""
    text = """
71 fdatasync(3</card/e/a> <unfinished ...>
72 write(4</card/e/b>, ""..., 2 <unfinished ...>
71 <... fdatasync resumed>)             = 0
72 <... write resumed>)                 = 2
72 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=9} ---
"""
    assert read(text) == [Step("sync", "a"), Step("append", "b", 2)]
    assert [call.name for call in calls(text.splitlines())] == ["fdatasync", "write"]


@pytest.mark.parametrize(
    "line",
    [
        'pwrite64(3</card/e/a>, ""..., 5, 0) = 5',
        "writev(3</card/e/a>, [{iov_base=..., iov_len=5}], 1) = 5",
        "fallocate(3</card/e/a>, 0, 0, 5) = 0",
        "ftruncate(3</card/e/a>, 0) = 0",
        'truncate("/card/e/a", 0) = 0',
        'openat(AT_FDCWD</card>, "/card/e/a", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 3</card/e/a>',
        'openat(AT_FDCWD</card>, "e/a", O_WRONLY) = 3</card/e/a>',
        'openat(AT_FDCWD</card>, "/card/e/a", O_RDWR|O_CREAT|O_APPEND, 0600) = 3</card/e/a>',
        'openat(AT_FDCWD</card>, "/card/e", O_RDWR|O_TMPFILE, 0600) = 3</card/e/#12>(deleted)',
        'creat("/card/e/a", 0666) = 3</card/e/a>',
        "fcntl(3</card/e/a>, F_SETFL, O_RDWR) = 0",
        "ioctl(3</card/e/a>, FICLONE, 4</card/b>) = 0",
        "mmap(NULL, 7, PROT_READ|PROT_WRITE, MAP_SHARED, 3</card/e/a>, 0) = 0x7f9554436000",
        "sync_file_range(3</card/e/a>, 0, 0, SYNC_FILE_RANGE_WRITE) = 0",
        "syncfs(3</card/e>) = 0",
        'rename("/card/b", "/card/e/b") = 0',
        'rename("/card/e/b", "/card/b") = 0',
        'renameat2(AT_FDCWD</card>, "/card/e/a", AT_FDCWD</card>, "/card/e/b", RENAME_EXCHANGE) = 0',
        'link("/card/b", "/card/e/b") = 0',
        'symlink("b", "/card/e/b") = 0',
        'chmod("/card/e/a", 0644) = 0',
        'utimensat(AT_FDCWD</card>, "/card/e/a", NULL, 0) = 0',
        "copy_file_range(4</card/b>, NULL, 3</card/e/a>, NULL, 9, 0) = 9",
        'chdir("/card/e") = 0',
        "io_uring_setup(8, {...}) = 3<anon_inode:[io_uring]>",
    ],
)
def test_what_the_model_does_not_know_is_refused(line: str) -> None:
    """Each of these changes storage in a way for which no crash state stands, or hides that it does."""
    with pytest.raises(BypassError) as refused:
        read(f"9 {line}\n")
    assert line in str(refused.value)
    assert line.split("(", maxsplit=1)[0] in str(refused.value)


def test_what_fails_or_only_looks_is_no_step() -> None:
    """Reading a file, privately mapping it, asking for its size: nothing happens."""
    text = """
9 openat(AT_FDCWD</card>, "/card/e/a", O_RDWR|O_APPEND|O_CLOEXEC) = 3</card/e/a>
9 pread64(3</card/e/a>, ""..., 5, 0) = 5
9 mmap(NULL, 7, PROT_READ, MAP_PRIVATE, 3</card/e/a>, 0) = 0x7f9554436000
9 fcntl(3</card/e/a>, F_DUPFD_CLOEXEC, 0) = 4</card/e/a>
9 ioctl(3</card/e/a>, TCGETS, 0x7ffe6) = -1 ENOTTY (Inappropriate ioctl for device)
9 pwrite64(3</card/e/a>, ""..., 5, 0) = -1 EIO (Input/output error)
9 read(3</card/e/a>, ""..., 5) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
"""
    assert read(text) == []
