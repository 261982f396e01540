//! A small made-up profile that faults are planted in.

use shuyu_profile::ProfileSource;

const CALENDAR: &str = r#"
year = 2026
notices = ["https://example.org/notice"]
[[day]]
date = "2026-01-01"
name = "New Year"
off = true
"#;

const CLAUSES: &str = "\
id,document,article,topic,actor,requirement_zh,requirement_en,kind,limit,detail,platform
XX-AA-001,d,1,plan,a,zh,en,step,,,enforce: yes
XX-AA-002,d,2,plan,a,zh,en,deadline,5 working days,,track: yes
";

const ROLES: &str = r#"
[[post]]
id = "clerk"
title = "经办"
title_en = "Clerk"
[[role]]
id = "office"
title = "机关"
title_en = "Office"
single = true
cite = ["XX-AA-001"]
[[role]]
id = "citizen"
title = "申请人"
title_en = "Applicant"
inferred = "somebody applies"
[[separation]]
roles = ["office", "citizen"]
scope = "body"
inferred = "nobody decides on their own application"
"#;

const GATES: &str = r#"
[[eligibility]]
use_of = "permit"
procedure = "plan"
stages = ["approved"]
code = "plan_not_approved"
cite = ["XX-AA-001"]
[[right]]
to = "bring_data"
procedure = 'plan'
party = "citizen"
cite = ["XX-AA-001"]
"#;

const DISCLOSURE: &str = r#"
[thresholds]
k = 10
k_jitter = 2
dominance_percent = 90
max_rows = 5000
query_seconds = 60
query_memory_mib = 1024
queries_at_once = 4
log_retention = "5 year"
platform_default = "no number in the text"

[citations]
scope = { cite = ["XX-AA-001"] }
least_necessary = { cite = ["XX-AA-001"] }
approvals = { inferred = "no clause names it" }
raw_stays = { cite = ["XX-AA-001"] }
join_risk = { cite = ["XX-AA-001"] }
"#;

const PLAN: &str = r#"id = "plan"
title = "方案"
title_en = "Plan"
section = "authorisation"
number_prefix = "P{year}-{seq}"
parties = ["office"]
cite = ["XX-AA-001"]
[open]
by = ["citizen"]
[[stage]]
id = "drafting"
title = "起草"
title_en = "Drafting"
holder = "citizen"
cite = ["XX-AA-001"]
[[stage]]
id = "submitted"
title = "已提交"
title_en = "Submitted"
holder = "office"
cite = ["XX-AA-001"]
[[stage]]
id = "approved"
title = "已批准"
title_en = "Approved"
is_final = true
cite = ["XX-AA-001"]
[[group]]
id = "items"
title = "内容"
title_en = "Items"
[[field]]
id = "name"
title = "名称"
title_en = "Name"
type = "text"
group = "items"
is_title = true
cite = ["XX-AA-001"]
[[act]]
id = "submit"
kind = "submit"
title = "提交"
title_en = "Submit"
by = ["citizen"]
from = ["drafting"]
to = "submitted"
records = ["name"]
starts = ["reply"]
cite = ["XX-AA-001"]
[[act.guard]]
rule = "complete"
code = "plan_incomplete"
group = "items"
cite = ["XX-AA-001"]
[[act]]
id = "approve"
kind = "approve"
title = "批准"
title_en = "Approve"
by = ["office"]
from = ["submitted"]
to = "approved"
stops = ["reply"]
cite = ["XX-AA-001"]
[[act]]
id = "return"
kind = "return"
title = "退回"
title_en = "Return"
by = ["office"]
from = ["submitted"]
to = "drafting"
stops = ["reply"]
inferred = "the other outcome"
[[clock]]
id = "reply"
title = "答复"
title_en = "Reply"
limit = "5 working_day"
bound = "at_most"
holder = "office"
on_miss = "flag"
cite = ["XX-AA-002"]
"#;

/// The path of the made-up procedure.
pub const PLAN_FILE: &str = "procedures/plan.toml";

/// Base and own folder.
pub fn sample() -> (ProfileSource, ProfileSource) {
    let base = ProfileSource::new("base").with("calendar/2026.toml", CALENDAR);
    let own = ProfileSource::new("own")
        .with(
            "profile.toml",
            "id = \"own\"\ntitle = \"甲\"\ntitle_en = \"A\"\nbase = \"base\"\noffset_minutes = 480\n",
        )
        .with(
            "instruments.toml",
            "[[instrument]]\nid = \"XX-AA\"\ntitle = \"办法\"\nshort = \"办法\"\nstatus = \"draft\"\npreview = true\n",
        )
        .with("clauses.csv", CLAUSES)
        .with("roles.toml", ROLES)
        .with("gates.toml", GATES)
        .with("disclosure.toml", DISCLOSURE)
        .with(PLAN_FILE, PLAN);
    (base, own)
}

/// The made-up profile with a piece of text of one file replaced.
pub fn planted(file: &str, old: &str, new: &str) -> (ProfileSource, ProfileSource) {
    let (base, mut own) = sample();
    let text = own.file(file).expect("a file of the sample").to_owned();
    assert!(text.contains(old), "{file} does not contain {old:?}");
    own = own.with(file, &text.replacen(old, new, 1));
    (base, own)
}
