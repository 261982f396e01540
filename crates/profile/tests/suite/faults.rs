//! Planted faults: each is found, with the file and line of the fault.

use shuyu_profile::{Profile, check};

use crate::{
    sample::{PLAN_FILE, planted},
    support::{found, line_of, load},
};

/// File, what is replaced, by what, the text on whose line the error stands (empty = the file as a whole), part
/// of the message.
type Fault = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const AT_LOAD: &[Fault] = &[
    (
        PLAN_FILE,
        "by = [\"citizen\"]\nfrom",
        "by = [\"mayor\"]\nfrom",
        "id = \"submit\"\n",
        "unknown role `mayor`",
    ),
    (
        PLAN_FILE,
        "[open]\nby = [\"citizen\"]",
        "[open]\nby = [\"citizen\"]\n[open.batch]\nthen = \"approve\"\ninferred = \"lists\"",
        "then = \"approve\"",
        "is no act in person in the first stage",
    ),
    (
        PLAN_FILE,
        "[open]\nby = [\"citizen\"]",
        "[open]\nby = [\"citizen\"]\n[open.batch]\nthen = \"submit\"",
        "then = \"submit\"",
        "exactly one of cite",
    ),
    (
        PLAN_FILE,
        "parties = [\"office\"]",
        "parties = [\"mayor\"]",
        "",
        "unknown role `mayor`",
    ),
    (
        PLAN_FILE,
        "holder = \"office\"\ncite",
        "holder = \"mayor\"\ncite",
        "id = \"submitted\"",
        "unknown role `mayor`",
    ),
    (
        PLAN_FILE,
        "from = [\"submitted\"]",
        "from = [\"sent\"]",
        "id = \"approve\"\n",
        "unknown stage `sent`",
    ),
    (
        PLAN_FILE,
        "records = [\"name\"]",
        "records = [\"title\"]",
        "id = \"submit\"\n",
        "unknown field `title`",
    ),
    (
        PLAN_FILE,
        "starts = [\"reply\"]",
        "starts = [\"answer\"]",
        "id = \"submit\"\n",
        "unknown clock `answer`",
    ),
    (
        PLAN_FILE,
        "id = \"items\"",
        "id = \"parts\"",
        "id = \"name\"",
        "unknown group `items`",
    ),
    (
        PLAN_FILE,
        "is_final = true\ncite = [\"XX-AA-001\"]",
        "is_final = true",
        "id = \"approved\"",
        "exactly one of cite",
    ),
    (
        PLAN_FILE,
        "inferred = \"the other",
        "cite = [\"XX-AA-001\"]\ninferred = \"the other",
        "id = \"return\"",
        "exactly one of cite",
    ),
    (
        PLAN_FILE,
        "cite = [\"XX-AA-002\"]",
        "cite = [\"XX-AA-777\"]",
        "id = \"reply\"",
        "clause `XX-AA-777` does not exist",
    ),
    (
        PLAN_FILE,
        "cite = [\"XX-AA-002\"]",
        "cite = [\"art. 2\"]",
        "cite = [\"art. 2\"]",
        "`art. 2` is not a clause id",
    ),
    (
        PLAN_FILE,
        "rule = \"complete\"",
        "rule = \"is_fine\"",
        "rule = ",
        "not in the closed list of guards",
    ),
    (
        PLAN_FILE,
        "group = \"items\"\ncite",
        "cite",
        "rule = ",
        "`fields` is empty",
    ),
    (
        PLAN_FILE,
        "code = \"plan_incomplete\"",
        "code = \"Plan incomplete\"",
        "rule = ",
        "not snake_case",
    ),
    (
        PLAN_FILE,
        "limit = \"5 working_day\"\n",
        "",
        "id = \"reply\"",
        "exactly one of limit, limit_field",
    ),
    (
        PLAN_FILE,
        "id = \"return\"",
        "id = \"approve\"",
        "id = \"approve\"\nkind = \"return\"",
        "act `approve` is defined twice",
    ),
    (
        PLAN_FILE,
        "id = \"submitted\"",
        "id = \"drafting\"",
        "id = \"drafting\"\ntitle = \"已提交\"",
        "stage `drafting` is defined twice",
    ),
    (
        PLAN_FILE,
        "kind = \"return\"",
        "kind = \"shout\"",
        "kind = \"shout\"",
        "unknown variant",
    ),
    (PLAN_FILE, "title = \"批准\"", "title = 批准", "title = 批准", ""),
    (
        PLAN_FILE,
        "limit = \"5 working_day\"",
        "limit = \"five days\"",
        "limit = ",
        "is not a limit",
    ),
    (
        PLAN_FILE,
        "is_title = true",
        "is_title = true\nscript = \"x\"",
        "script",
        "unknown field",
    ),
    (
        PLAN_FILE,
        "type = \"text\"",
        "type = \"choice\"",
        "id = \"name\"",
        "choices belong to choice fields",
    ),
    (
        PLAN_FILE,
        "type = \"text\"",
        "type = \"case\"",
        "id = \"name\"",
        "names no procedure",
    ),
    (
        "gates.toml",
        "stages = [\"approved\"]",
        "stages = [\"agreed\"]",
        "procedure = ",
        "unknown procedure, stage, field or role",
    ),
    (
        "gates.toml",
        "cite = [\"XX-AA-001\"]",
        "cite = [\"XX-AA-404\"]",
        "procedure = ",
        "clause `XX-AA-404` does not exist",
    ),
    (
        "gates.toml",
        "code = \"plan_not_approved\"",
        "code = \"plan_not_approved\"\nneeded_by = [\"mayor\"]",
        "procedure = ",
        "unknown procedure, stage, field or role",
    ),
    (
        "gates.toml",
        "party = \"citizen\"",
        "party = \"mayor\"",
        "procedure = 'plan'",
        "unknown procedure or role",
    ),
    (
        "gates.toml",
        "to = \"bring_data\"",
        "to = \"use_permit\"",
        "procedure = 'plan'",
        "`kind` is said of the right to use a permit",
    ),
    (
        PLAN_FILE,
        "to = \"approved\"\nstops",
        "to = \"approved\"\neffects = [\"issue_permit\"]\nstops",
        "id = \"plan\"",
        "no right says who uses the permits of `plan`",
    ),
    (
        "roles.toml",
        "roles = [\"office\", \"citizen\"]",
        "roles = [\"office\", \"mayor\"]",
        "roles = [",
        "unknown role `mayor`",
    ),
    (
        "roles.toml",
        "id = \"citizen\"",
        "id = \"office\"",
        "id = \"office\"\ntitle = \"申请人\"",
        "`office` is defined twice",
    ),
    (
        "roles.toml",
        "scope = \"body\"",
        "scope = \"house\"",
        "roles = [",
        "neither body nor person",
    ),
    (
        "clauses.csv",
        "XX-AA-002",
        "XX-AA-001",
        "XX-AA-001,d,2",
        "clause `XX-AA-001` is defined twice",
    ),
    (
        "clauses.csv",
        "track: yes",
        "watch: yes",
        "XX-AA-002",
        "`watch` is not a platform value",
    ),
    ("disclosure.toml", "k = 10", "k = -1", "k = -1", ""),
    (
        "disclosure.toml",
        "raw_stays = { cite = [\"XX-AA-001\"] }",
        "",
        "[citations]",
        "missing field `raw_stays`",
    ),
    (
        "disclosure.toml",
        "raw_stays = { cite = [\"XX-AA-001\"] }",
        "raw_stays = { cite = [\"XX-AA-009\"] }",
        "",
        "clause `XX-AA-009` does not exist",
    ),
    (
        "disclosure.toml",
        "raw_stays = { cite = [\"XX-AA-001\"] }",
        "raw_stays = {}",
        "",
        "raw_stays: needs exactly one of",
    ),
    (
        "profile.toml",
        "base = \"base\"",
        "base = \"other\"",
        "",
        "base profile `other` was not given",
    ),
];

#[test]
fn faults_at_load_are_named_with_file_and_line() {
    for (file, old, new, anchor, message) in AT_LOAD {
        let (base, own) = planted(file, old, new);
        let errors = Profile::load(&base, &own).expect_err(&format!("{old:?} → {new:?} should not load"));
        found(
            &errors,
            &format!("own/{file}"),
            line_of(own.file(file), anchor),
            message,
        );
    }
}

const OF_LIFE: &[Fault] = &[
    (
        PLAN_FILE,
        "to = \"submitted\"",
        "to = \"drafting\"",
        "id = \"submitted\"",
        "stage `submitted` cannot be reached",
    ),
    (
        PLAN_FILE,
        "is_final = true",
        "holder = \"office\"",
        "id = \"approved\"",
        "is not final and has no way out",
    ),
    (
        PLAN_FILE,
        "holder = \"office\"\ncite",
        "cite",
        "id = \"submitted\"",
        "has no responsible role",
    ),
    (
        PLAN_FILE,
        "is_final = true",
        "is_final = true\nholder = \"office\"",
        "id = \"approved\"",
        "has a holder",
    ),
    (
        PLAN_FILE,
        "starts = [\"reply\"]\n",
        "",
        "id = \"reply\"",
        "is started by no act",
    ),
    (
        PLAN_FILE,
        "to = \"approved\"\nstops = [\"reply\"]\ncite = [\"XX-AA-001\"]\n[[act]]\nid = \"return\"\nkind = \"return\"\ntitle = \"退回\"\ntitle_en = \"Return\"\nby = [\"office\"]\nfrom = [\"submitted\"]\nto = \"drafting\"\nstops = [\"reply\"]",
        "to = \"approved\"\ncite = [\"XX-AA-001\"]\n[[act]]\nid = \"return\"\nkind = \"return\"\ntitle = \"退回\"\ntitle_en = \"Return\"\nby = [\"office\"]\nfrom = [\"submitted\"]\nto = \"drafting\"",
        "id = \"reply\"",
        "can be kept by no act",
    ),
    (
        PLAN_FILE,
        "on_miss = \"flag\"",
        "on_miss = \"opens\"",
        "id = \"reply\"",
        "an at-most clock has a consequence",
    ),
    (
        PLAN_FILE,
        "from = [\"drafting\"]",
        "from = []",
        "id = \"submit\"\n",
        "can be taken in no stage",
    ),
    (
        PLAN_FILE,
        "to = \"drafting\"\nstops",
        "to = \"approved\"\nstops",
        "id = \"approve\"\n",
        "the only outcome of stage `submitted`",
    ),
    (
        PLAN_FILE,
        "rule = \"complete\"\ncode = \"plan_incomplete\"\ngroup = \"items\"",
        "rule = \"not_same_body\"\ncode = \"own\"\nrole = \"citizen\"",
        "id = \"submit\"\n",
        "separated duties cannot be satisfied",
    ),
];

#[test]
fn faults_of_life_cycles_are_named_with_file_and_line() {
    for (file, old, new, anchor, message) in OF_LIFE {
        let (base, own) = planted(file, old, new);
        let errors = check::life_cycles(&load(&base, &own));
        found(
            &errors,
            &format!("own/{file}"),
            line_of(own.file(file), anchor),
            message,
        );
    }
}
