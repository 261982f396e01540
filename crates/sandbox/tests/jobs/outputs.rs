//! What a run may leave, and what its author may learn of it.

use crate::bed::{Bed, Ran, declaring, job};
use shuyu_sandbox::{End, Kind};

fn refused(ran: &Ran) -> Vec<(Option<&str>, &str)> {
    ran.left
        .refused
        .iter()
        .map(|refused| (refused.name.as_deref(), refused.code.as_str()))
        .collect()
}

#[test]
fn tables_pictures_and_texts_come_out_rewritten() {
    let bed = Bed::new();
    let source = "from shuyu_job import read, write_table, write_bars, write_text, names\n\
        assert names() == ['numbers']\n\
        t = read('numbers')\nt['mean'] = [0.123456, 98765.4]\nwrite_table('t.csv', t.iloc[::-1], index=False)\n\
        write_bars('p.png', [3, 1, 2])\nwrite_text('s.json', {'n': 2, 'b': 1.23456})";
    let files = [
        ("t.csv", Kind::Table),
        ("p.png", Kind::Picture),
        ("s.json", Kind::Text),
    ];
    let ran = bed.run(&declaring(job(source), &files));
    assert_eq!(
        (ran.outcome.end, refused(&ran)),
        (End::Done, vec![]),
        "{}",
        ran.log
    );
    let bytes = |name| bed.sandbox.output(&ran.prepared, name).unwrap();
    assert_eq!(bytes("t.csv"), b"a,b,mean\n1,2,0.1235\n3,4,98770\n");
    assert_eq!(bytes("s.json"), br#"{"b":1.235,"n":2}"#);
    assert_eq!(ran.left.outputs["t.csv"].rows, Some(2));
    let picture = png::Decoder::new(std::io::Cursor::new(bytes("p.png")))
        .read_info()
        .unwrap();
    assert_eq!(picture.info().color_type, png::ColorType::Indexed);
}

#[test]
fn metadata_and_low_bits_of_a_picture_are_gone() {
    let bed = Bed::new();
    let source = "import struct, zlib\ndef c(k, d): return struct.pack('>I', len(d)) + k + d + struct.pack('>I', zlib.crc32(k + d))\n\
        rows = b''.join(b'\\0' + bytes([100 + (x ^ y) % 2 for x in range(8) for _ in range(3)]) for y in range(8))\n\
        open('/out/p.png', 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + c(b'IHDR', struct.pack('>IIBBBBB', 8, 8, 8, 2, 0, 0, 0))\n\
        + c(b'tEXt', b'Comment\\0planted-victim') + c(b'IDAT', zlib.compress(rows)) + c(b'IEND', b'') + b'planted-tail')";
    let ran = bed.run(&declaring(job(source), &[("p.png", Kind::Picture)]));
    let bytes = bed.sandbox.output(&ran.prepared, "p.png").unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"planted"));
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert!(pixels.iter().all(|pixel| *pixel == pixels[0]));
}

#[test]
fn only_declared_plain_files_come_over() {
    let bed = Bed::new();
    let cases = [
        (
            "import os\nos.symlink('/etc/passwd', '/out/t.csv')",
            "output_not_a_file",
        ),
        (
            "import os\nos.symlink('/in/numbers.csv', '/out/t.csv')",
            "output_not_a_file",
        ),
        ("import os\nos.mkdir('/out/t.csv')", "output_not_a_file"),
        ("pass", "output_absent"),
        (
            "open('/out/t.csv', 'wb').write(bytes(2 << 20))",
            "output_too_large",
        ),
        (
            "open('/out/t.csv', 'w').write('a\\n' + '1\\n' * 101)",
            "output_rows_too_many",
        ),
        (
            "open('/out/t.csv', 'w').write('a\\n' + 'x' * 300 + '\\n')",
            "output_text_too_long",
        ),
        (
            "open('/out/t.csv', 'wb').write(b'a\\n\\xff\\xfe\\n')",
            "output_table_broken",
        ),
        (
            "import pickle\npickle.dump([1], open('/out/t.csv', 'wb'))",
            "output_table_broken",
        ),
    ];
    for (source, code) in cases {
        let ran = bed.run(&declaring(job(source), &[("t.csv", Kind::Table)]));
        assert_eq!(refused(&ran), [(Some("t.csv"), code)], "{source} {}", ran.log);
        assert!(ran.left.outputs.is_empty());
        assert!(ran.outcome.end == End::Done);
    }
}

#[test]
fn names_and_numbers_of_undeclared_files_say_nothing() {
    let bed = Bed::new();
    let sources = [
        "open('/out/530102199001011234', 'w').write('x')",
        "for i in range(500):\n    open(f'/out/{i}.csv', 'w').write('x')",
        "import os\nos.makedirs('/out/a/b/c')\nopen('/out/a/b/c/d.svg', 'w').write('<svg/>')",
        "import pickle\npickle.dump([1], open('/out/m.pkl', 'wb'))",
    ];
    for source in sources {
        let ran = bed.source(source);
        assert_eq!(
            refused(&ran),
            [(None, "output_undeclared")],
            "{source} {}",
            ran.log
        );
        assert!(!ran.outcome.for_author(None).done);
    }
}

#[test]
fn a_picture_that_unfolds_without_end_and_one_that_is_none_are_refused() {
    let bed = Bed::new();
    let huge = "import struct, zlib\ndef c(k, d): return struct.pack('>I', len(d)) + k + d + struct.pack('>I', zlib.crc32(k + d))\n\
        open('/out/p.png', 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + c(b'IHDR', struct.pack('>IIBBBBB', 60000, 60000, 8, 2, 0, 0, 0))\n\
        + c(b'IDAT', zlib.compress(bytes(1 << 20))) + c(b'IEND', b''))";
    let ran = bed.run(&declaring(job(huge), &[("p.png", Kind::Picture)]));
    assert_eq!(
        refused(&ran),
        [(Some("p.png"), "output_picture_too_large")],
        "{}",
        ran.log
    );
    let ran = bed.run(&declaring(
        job("open('/out/p.png', 'w').write('<svg onload=x/>')"),
        &[("p.png", Kind::Picture)],
    ));
    assert_eq!(refused(&ran), [(Some("p.png"), "output_picture_broken")]);
}

#[test]
fn a_kind_or_a_name_that_cannot_be_declared_is_refused_before_the_run() {
    let bed = Bed::new();
    for name in [
        "m.pkl",
        "p.svg",
        "../t.csv",
        "t.csv.csv",
        "名.csv",
        "t.parquet",
        ".csv",
        "a/b.csv",
    ] {
        let refused = bed
            .sandbox
            .prepare(&declaring(job(""), &[(name, Kind::Table)]))
            .unwrap_err();
        assert!(refused.to_string().contains("job_output_unfit"), "{name}");
    }
}

#[test]
fn the_author_learns_one_bit_and_a_line_only_if_he_knows_it() {
    let bed = Bed::new();
    let lines = bed.source("\n\n\nraise ValueError('530102199001011234')");
    let codes = bed.source("import sys\nprint('530102199001011234')\nsys.exit(77)");
    assert_eq!((lines.outcome.line, codes.outcome.line), (Some(4), Some(3)));
    assert!(lines.log.contains("530102199001011234") && codes.log.contains("530102199001011234"));
    for ran in [&lines, &codes] {
        let view = ran.outcome.for_author(None);
        assert_eq!((view.done, view.line), (false, None));
        let told = serde_json::to_string(&view).unwrap() + &serde_json::to_string(&ran.outcome).unwrap();
        assert!(!told.contains("530102199001011234") && !told.contains("77"));
    }
    assert_eq!(lines.outcome.for_author(Some(3)).line, None);
    assert_eq!(lines.outcome.for_author(Some(4)).line, Some(4));
    let wrong = bed.source("x = = 1");
    assert_eq!(wrong.outcome.line, Some(1));
}

#[test]
fn a_failed_run_leaves_nothing_and_its_log_is_cut() {
    let bed = Bed::new();
    let source = "open('/out/t.csv', 'w').write('a\\n1\\n')\nprint('x' * 100_000)\nraise SystemExit(1)";
    let ran = bed.run(&declaring(job(source), &[("t.csv", Kind::Table)]));
    assert!(ran.left.outputs.is_empty() && ran.outcome.files.is_empty());
    assert_eq!((ran.log.len(), ran.outcome.log_cut), (4096, true));
}

#[test]
fn a_job_that_speaks_on_the_channel_itself_gets_no_further() {
    let bed = Bed::new();
    // It has the pipe neither open nor by a path; and frames of its own would only be its own outputs.
    let ran = bed.source("import os\ntry:\n    os.write(3, b'{\"kind\":\"file\",\"name\":\"x\",\"size\":1}\\nx')\nexcept OSError:\n    print('closed')");
    assert!(ran.log.contains("closed"), "{}", ran.log);
    let ran = bed.source("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)");
    assert_ne!(ran.outcome.end, End::Done);
    assert!(ran.left.outputs.is_empty());
}

#[test]
fn a_model_does_not_leave_as_a_text() {
    let bed = Bed::new();
    let model = "m = {'kind': 'linear', 'features': ['a'], 'coefficients': [1.5], 'intercept': 0.0}\n";
    let large = "m = {'kind': 'linear', 'features': [str(n) for n in range(100_000)], \
                 'coefficients': [1.5] * 100_000, 'intercept': 0.0}\n";
    let written = "import json\njson.dump(m, open('/out/m.json', 'w'))";
    let inside = "m = {'notes': ['x', {'best': m}]}\n";
    for source in [
        format!("{model}{written}"),
        format!("{model}{inside}{written}"),
        format!("{large}{written}"),
    ] {
        let mut job = declaring(job(&source), &[("m.json", Kind::Text)]);
        job.limits.output_bytes = 3 << 20;
        assert_eq!(
            refused(&bed.run(&job)),
            [(Some("m.json"), "output_is_a_model")],
            "{source}"
        );
    }
    // What is no model is a text, whatever it calls itself.
    let text = "m = {'kind': 'linear', 'n': 3, 'r2': 0.5}\n";
    let ran = bed.run(&declaring(
        job(&format!("{text}{written}")),
        &[("m.json", Kind::Text)],
    ));
    assert_eq!(refused(&ran), []);
    let ran = bed.run(&declaring(
        job(&format!("{model}{written}")),
        &[("m.json", Kind::Model)],
    ));
    assert_eq!(refused(&ran), []);
}
