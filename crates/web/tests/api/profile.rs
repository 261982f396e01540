//! A small made-up jurisdiction: a request that goes through two hands, agreements, products.

use crate::procedures::{PRODUCT, REQUEST};
use shuyu_app::Profiles;
use shuyu_profile::{Profile, ProfileSource};

use crate::chain;

const HEAD: &str = r#"
id = "town"
title = "示例镇"
title_en = "Sample Town"
base = "base"
offset_minutes = 480
"#;

const INSTRUMENTS: &str = r#"
[[instrument]]
id = "ST-OP"
title = "示例镇授权运营办法"
short = "示例办法"
status = "in_force"
"#;

const CLAUSES: &str = "\
id,document,article,topic,actor,requirement_zh,requirement_en,kind,limit,detail,platform
ST-OP-001,示例,§1,申请,operator,申请须写明名称,An application has a title,duty,,,enforce: title
ST-OP-002,示例,§2,产品,operator,产品凭协议交付,Products are delivered under an agreement,duty,,,enforce: agreement
";

const ROLES: &str = r#"
[[post]]
id = "clerk"
title = "经办"
title_en = "Clerk"
[[post]]
id = "aide"
title = "助理"
title_en = "Aide"
[[post]]
id = "chief"
title = "科长"
title_en = "Chief"

[[role]]
id = "authority"
title = "主管部门"
title_en = "Authority"
single = true
cite = ["ST-OP-001"]
[[role]]
id = "data_authority"
title = "数据局"
title_en = "Data authority"
oversees = true
cite = ["ST-OP-001"]
[[role]]
id = "operator"
title = "运营机构"
title_en = "Operator"
cite = ["ST-OP-001"]
[[role]]
id = "developer"
title = "开发主体"
title_en = "Developer"
cite = ["ST-OP-001"]
[[role]]
id = "provider"
title = "数源单位"
title_en = "Provider"
cite = ["ST-OP-001"]
[[separation]]
roles = ["operator", "developer"]
scope = "person"
cite = ["ST-OP-001"]
[[responsibility]]
role = "operator"
title = "谁运营谁负责"
title_en = "Who operates is responsible"
cite = ["ST-OP-001"]
[[succession]]
roles = ["authority", "provider"]
inferred = "public bodies go on by the paper"
[[role]]
id = "system_administrator"
title = "系统管理员"
title_en = "System administrator"
inferred = "somebody keeps the registry"
[[superior]]
of = ["authority"]
is = "data_authority"
cite = ["ST-OP-002"]
"#;

/// What a permit rests on.
const PERMIT_GATES: &str = r#"
[open_tables]
procedure = "entry"
field = "openness"
values = ["open"]
stages = ["published"]
cite = ["ST-OP-001"]
[[eligibility]]
use_of = "permit"
procedure = "entry"
stages = ["published"]
code = "resource_not_in_catalogue"
cite = ["ST-OP-001"]
[[eligibility]]
use_of = "permit"
procedure = "operating"
stages = ["active"]
code = "operator_agreement_not_active"
cite = ["ST-OP-001"]
"#;

/// Who uses permits and brings data.
const RIGHTS: &str = r#"
[[right]]
to = "run_jobs"
procedure = "use"
party = "operator"
cite = ["ST-OP-001"]
[[right]]
to = "review_output"
procedure = "use"
party = "authority"
cite = ["ST-OP-001"]
[[right]]
to = "use_permit"
procedure = "use"
party = "operator"
kind = "A"
cite = ["ST-OP-001"]
[[right]]
to = "bring_data"
procedure = "resource"
party = "provider"
cite = ["ST-OP-001"]
[[right]]
to = "bring_data"
procedure = "entry"
party = "provider"
cite = ["ST-OP-001"]
[[right]]
to = "spot_check"
procedure = "resource"
party = "authority"
cite = ["ST-OP-002"]
[[right]]
to = "receive_product"
procedure = "development"
party = "developer"
cite = ["ST-OP-002"]
"#;

/// Who uses the permit that rests on its own case alone.
const LONE_RIGHTS: &str = r#"
[[right]]
to = "use_permit"
procedure = "asking"
party = "operator"
kind = "A"
cite = ["ST-OP-001"]
"#;

/// What the gateway asks.
const GATEWAY_GATES: &str = r#"
[[eligibility]]
use_of = "gateway"
procedure = "product"
stages = ["published"]
code = "product_not_on_market"
cite = ["ST-OP-002"]
[[eligibility]]
use_of = "gateway"
procedure = "development"
stages = ["active"]
code = "access_closed"
cite = ["ST-OP-002"]
"#;

const DISCLOSURE: &str = r#"
[[figure]]
name = "products"
procedure = "product"
stages = ["published"]
show = ["name", "customer_agreement"]
cite = ["ST-OP-002"]
[[figure]]
name = "agreements"
procedure = "development"
stages = ["active"]
cite = ["ST-OP-002"]
[[figure]]
name = "quota"
procedure = "product"
stages = ["published"]
sum = "daily_quota"
cite = ["ST-OP-002"]

[thresholds]
k = 10
k_jitter = 2
dominance_percent = 90
max_rows = 5000
query_seconds = 60
query_memory_mib = 1024
queries_at_once = 4
log_retention = "5 year"
platform_default = "test"

[dp]
budget = 1000
query = 400
rows = 3
cells = 2
delta = 10
platform_default = "test"

[citations]
scope = { cite = ["ST-OP-001"] }
least_necessary = { cite = ["ST-OP-001"] }
approvals = { inferred = "no clause names it" }
raw_stays = { cite = ["ST-OP-001"] }
join_risk = { cite = ["ST-OP-001"] }
"#;

const DEVELOPMENT: &str = r#"
id = "development"
title = "开发协议"
title_en = "Development agreement"
section = "authorisation"
number_prefix = "协〔{year}〕{seq}号"
parties = ["operator"]
cite = ["ST-OP-002"]

[open]
by = ["developer"]

[[stage]]
id = "active"
title = "有效"
title_en = "Active"
holder = "operator"
cite = ["ST-OP-002"]
[[stage]]
id = "ended"
title = "终止"
title_en = "Ended"
is_final = true
cite = ["ST-OP-002"]

[[act]]
id = "end"
kind = "terminate"
title = "终止"
title_en = "End"
by = ["operator"]
from = ["active"]
to = "ended"
effects = ["close_access"]
cite = ["ST-OP-002"]
"#;

const RESOURCE: &str = r#"
id = "resource"
title = "目录条目"
title_en = "Catalogue entry"
section = "catalogue"
number_prefix = "目〔{year}〕{seq}号"
parties = ["authority"]
cite = ["ST-OP-001"]

[open]
by = ["provider"]

[[stage]]
id = "listed"
title = "在册"
title_en = "Listed"
holder = "provider"
cite = ["ST-OP-001"]
[[stage]]
id = "removed"
title = "注销"
title_en = "Removed"
is_final = true
cite = ["ST-OP-001"]

[[group]]
id = "basics"
title = "基本"
title_en = "Basics"

[[field]]
id = "name"
title = "名称"
title_en = "Name"
type = "text"
group = "basics"
is_title = true
cite = ["ST-OP-001"]

[[act]]
id = "remove"
kind = "terminate"
title = "注销"
title_en = "Remove"
by = ["provider"]
from = ["listed"]
to = "removed"
cite = ["ST-OP-001"]
"#;

/// The rules of the town.
pub fn profiles() -> Profiles {
    profiles_and(&[])
}

/// What a version needs before permits read it, and how long one is kept that was replaced.
const SETTINGS: &str = r#"
[[setting]]
id = "promotion_rules"
title = "晋级"
title_en = "Promotion"
value = ["examined", "subjects", "graded"]
cite = ["ST-OP-001"]

[[setting]]
id = "retention_version"
title = "保存"
title_en = "Keeping"
value = "1 year"
cite = ["ST-OP-001"]
"#;

/// The rules of the town and some procedures besides: file name and text.
pub fn profiles_and(more: &[(&str, &str)]) -> Profiles {
    profiles_under(&format!("{PERMIT_GATES}{GATEWAY_GATES}{RIGHTS}"), more)
}

/// The same, without differential privacy.
pub fn profiles_without_dp() -> Profiles {
    let (before, rest) = DISCLOSURE.split_once("[dp]").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let gates = format!("{PERMIT_GATES}{GATEWAY_GATES}{RIGHTS}");
    profiles_of(&gates, &format!("{before}{after}"), &[])
}

/// The same, where a permit rests on its own case alone.
pub fn profiles_of_lone_permits(more: &[(&str, &str)]) -> Profiles {
    profiles_under(&format!("{GATEWAY_GATES}{RIGHTS}{LONE_RIGHTS}"), more)
}

fn profiles_under(gates: &str, more: &[(&str, &str)]) -> Profiles {
    profiles_of(gates, DISCLOSURE, more)
}

fn profiles_of(gates: &str, disclosure: &str, more: &[(&str, &str)]) -> Profiles {
    let base = ProfileSource::new("base").with(
        "calendar/2026.toml",
        "year = 2026\nnotices = [\"https://example.org/\"]\n",
    );
    let own = ProfileSource::new("town")
        .with("profile.toml", HEAD)
        .with("instruments.toml", INSTRUMENTS)
        .with("clauses.csv", CLAUSES)
        .with("roles.toml", ROLES)
        .with("settings.toml", SETTINGS)
        .with("gates.toml", gates)
        .with("disclosure.toml", disclosure)
        .with("procedures/request.toml", REQUEST)
        .with("procedures/development.toml", DEVELOPMENT)
        .with("procedures/product.toml", PRODUCT)
        .with("procedures/entry.toml", chain::ENTRY)
        .with("procedures/operating.toml", chain::OPERATING)
        .with("procedures/use.toml", chain::USE)
        .with("procedures/resource.toml", RESOURCE);
    let own = more.iter().fold(own, |own, (name, text)| {
        own.with(&format!("procedures/{name}.toml"), text)
    });
    let profile = Profile::load(&base, &own).unwrap_or_else(|errors| panic!("{errors:#?}"));
    Profiles::new(profile, base, own, Default::default())
}
