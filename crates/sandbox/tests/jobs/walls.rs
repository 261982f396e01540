//! Every way out that a job may try, with the wall it meets.

use crate::bed::Bed;
use shuyu_sandbox::End;

/// Runs a source that prints `out` if it got through and raises OSError if it met a wall.
fn meets_a_wall(source: &str) {
    let bed = Bed::new();
    let ran = bed.source(&format!(
        "try:\n{}\n    print('out')\nexcept (OSError, ImportError) as wall:\n    print('wall', type(wall).__name__, wall)\n",
        source.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
    ));
    assert_eq!(ran.outcome.end, End::Done, "{}", ran.log);
    assert!(ran.log.starts_with("wall"), "{source}\n{}", ran.log);
}

#[test]
fn there_is_no_network_of_any_family() {
    meets_a_wall(
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(('127.0.0.1', 80))",
    );
    meets_a_wall("import socket\nsocket.getaddrinfo('example.org', 80)");
    meets_a_wall("import socket\nsocket.socket(socket.AF_UNIX)");
    meets_a_wall("import socket\nsocket.socketpair()");
    meets_a_wall("import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)");
}

#[test]
fn nothing_of_the_host_is_readable() {
    let paths = [
        "/etc/passwd",
        "/etc/hostname",
        "/proc/1/environ",
        "/proc/self/mountinfo",
        "/sys/kernel",
        "/home",
        "/var",
        "/run",
        "/bin/sh",
        "/usr/bin/mount",
        "/dev/mem",
    ];
    for path in paths {
        meets_a_wall(&format!("import os\nos.stat({path:?})"));
    }
    let bed = Bed::new();
    let ran = bed.source(
        "import os\nprint(sorted(os.listdir('/')), sorted(os.listdir('/usr/bin')), os.listdir('/in'))",
    );
    assert!(
        ran.log
            .contains("['dev', 'in', 'lib', 'lib64', 'out', 'tmp', 'usr'] ['python3']"),
        "{}",
        ran.log
    );
    let here = std::env::current_dir().unwrap();
    meets_a_wall(&format!("import os\nos.stat({here:?})"));
}

#[test]
fn the_environment_is_ours_and_the_user_is_nobody() {
    let bed = Bed::new();
    let ran = bed
        .source("import os\nprint(sorted(os.environ)); print(os.getuid(), os.getgid(), os.uname().nodename)");
    assert!(
        !ran.log.contains("PATH") && !ran.log.contains("CARGO") && !ran.log.contains("SHUYU"),
        "{}",
        ran.log
    );
    assert!(ran.log.contains("65534 65534 job"), "{}", ran.log);
}

#[test]
fn no_other_process_is_seen_or_reached() {
    meets_a_wall("import os\nos.listdir('/proc')");
    // Numbers of its own namespace only: its first process, the runner and itself.
    let bed = Bed::new();
    let ran = bed.source(
        "import os\nseen = []\nfor pid in range(1, 400):\n    try:\n        os.kill(pid, 0)\n        \
         seen.append(pid)\n    except OSError:\n        pass\nprint(len(seen) <= 4, os.getpid() < 10)",
    );
    assert!(ran.log.contains("True True"), "{}", ran.log);
}

#[test]
fn nothing_is_written_outside_of_the_output_and_the_scratch_folder() {
    for path in [
        "/x",
        "/in/x",
        "/usr/x",
        "/usr/lib/x",
        "/dev/x",
        "/dev/shm/x",
        "/lib/x",
    ] {
        meets_a_wall(&format!("open({path:?}, 'w').write('x')"));
    }
    meets_a_wall("import os\nos.chmod('/in/job.py', 0o777)");
    meets_a_wall("import os\nos.unlink('/in/numbers.csv')");
    let bed = Bed::new();
    let ran = bed.source("open('/out/x', 'w').write('x'); open('/tmp/x', 'w').write('x'); print('both')");
    assert!(ran.log.contains("both"), "{}", ran.log);
}

/// Calls of the kernel that no library of ours makes, by number (x86-64) through `ctypes`: every one is answered with
/// "there is no such call".
#[cfg(target_arch = "x86_64")]
#[test]
fn calls_that_would_open_the_walls_do_not_exist() {
    let calls = [
        ("ptrace", "101, 0, 0, 0, 0"),
        ("mount", "165, b'none', b'/tmp', b'tmpfs', 0, 0"),
        ("umount", "166, b'/in', 2"),
        ("unshare user", "272, 0x10000000"),
        ("setns", "308, 0, 0"),
        ("add_key", "248, b'user', b'k', b'v', 1, -3"),
        ("keyctl", "250, 0, -3, 1"),
        ("request_key", "249, b'user', b'k', 0, 0"),
        ("bpf", "321, 0, 0, 0"),
        ("perf", "298, 0, 0, -1, -1, 0"),
        ("io_uring", "425, 8, 0"),
        ("userfaultfd", "323, 0"),
        ("chroot", "161, b'/'"),
        ("pivot_root", "155, b'/', b'/tmp'"),
        ("clone into a user namespace", "56, 0x10000011, 0, 0, 0, 0"),
        ("clone3", "435, 0, 0"),
        ("process_vm_readv", "310, 1, 0, 0, 0, 0, 0"),
        ("pidfd_getfd", "438, 0, 0, 0"),
        ("memfd_create", "319, b'x', 0"),
        ("setuid", "105, 0"),
        ("ioctl", "16, 0, 0x5412, b'x'"),
        ("mknod", "133, b'/out/d', 0o60666, 0"),
        ("sethostname", "170, b'x', 1"),
        ("seccomp", "317, 1, 0, 0"),
    ];
    let bed = Bed::new();
    for (name, call) in calls {
        let ran = bed.source(&format!(
            "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.syscall({call}), ctypes.get_errno())"
        ));
        assert_eq!(ran.log.trim(), "-1 38", "{name}");
    }
}

#[test]
fn a_32_bit_door_is_no_way_around_the_filter() {
    // The other calling convention of the processor ends the process: the filter knows one architecture.
    let bed = Bed::new();
    let ran = bed.source(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.syscall(0x40000000 + 39), ctypes.get_errno())",
    );
    assert!(
        ran.log.trim() == "-1 38" || ran.outcome.end != End::Done,
        "{}",
        ran.log
    );
}
