//! More rules for the town, so that every kind of page has something to show: an application that starts a
//! clock, and one that leads to a permit.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use shuyu_app::port::{Answer, Ask, AskError, Cancel, Gated, TrialTable, TryOut};
use shuyu_kernel::{Fault, Refusal};
use shuyu_privacy::{
    Past,
    missing::{Missing, missing},
    permit::Permit,
};

use crate::{profile::profiles_of_lone_permits, world::World};

pub(super) const APPEAL: &str = r#"
id = "appeal"
title = "申诉"
title_en = "Appeal"
section = "authorisation"
number_prefix = "诉〔{year}〕{seq}号"
parties = ["authority"]
cite = ["ST-OP-001"]

[open]
by = ["operator"]

[[stage]]
id = "drafting"
title = "草拟"
title_en = "Drafting"
holder = "operator"
cite = ["ST-OP-001"]
[[stage]]
id = "waiting"
title = "待答复"
title_en = "Waiting"
holder = "authority"
cite = ["ST-OP-001"]
[[stage]]
id = "closed"
title = "办结"
title_en = "Closed"
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
[[field]]
id = "proof"
title = "证据"
title_en = "Proof"
type = "file"
group = "basics"
cite = ["ST-OP-001"]

[[clock]]
id = "answer"
title = "答复期"
title_en = "Time for an answer"
limit = "5 working_day"
bound = "at_most"
holder = "authority"
on_miss = "remind"
cite = ["ST-OP-001"]

[[act]]
id = "send"
kind = "submit"
title = "送出"
title_en = "Send"
by = ["operator"]
from = ["drafting"]
to = "waiting"
starts = ["answer"]
cite = ["ST-OP-001"]

[[act]]
id = "answer"
kind = "approve"
title = "答复"
title_en = "Answer"
by = ["authority"]
from = ["waiting"]
to = "closed"
stops = ["answer"]
cite = ["ST-OP-001"]
"#;

const ASKING: &str = r#"
id = "asking"
title = "用数申请"
title_en = "Application for data"
section = "data_use"
number_prefix = "用〔{year}〕{seq}号"
parties = ["authority"]
cite = ["ST-OP-001"]

[open]
by = ["operator"]

[[stage]]
id = "reviewing"
title = "审核"
title_en = "Review"
holder = "authority"
cite = ["ST-OP-001"]
[[stage]]
id = "permitted"
title = "已许可"
title_en = "Permitted"
rests = true
cite = ["ST-OP-001"]
[[stage]]
id = "revoked"
title = "已撤销"
title_en = "Revoked"
is_final = true
cite = ["ST-OP-001"]

[[group]]
id = "basics"
title = "基本"
title_en = "Basics"
[[field]]
id = "purpose"
title = "用途"
title_en = "Purpose"
type = "text"
group = "basics"
is_title = true
cite = ["ST-OP-001"]
[[field]]
id = "licence"
title = "依据"
title_en = "Licence"
type = "case"
procedure = "licence"
group = "basics"
cite = ["ST-OP-001"]

[[act]]
id = "grant"
kind = "approve"
title = "许可"
title_en = "Grant"
by = ["authority"]
from = ["reviewing"]
to = "permitted"
effects = ["issue_permit"]
cite = ["ST-OP-001"]

[[act]]
id = "revoke"
kind = "revoke"
title = "撤销"
title_en = "Revoke"
by = ["authority"]
from = ["permitted"]
to = "revoked"
effects = ["end_permit"]
cite = ["ST-OP-001"]
"#;

const LICENCE: &str = r#"
id = "licence"
title = "执照"
title_en = "Licence"
section = "authorisation"
number_prefix = "照〔{year}〕{seq}号"
parties = ["authority"]
cite = ["ST-OP-001"]

[open]
by = ["operator"]

[[stage]]
id = "valid"
title = "有效"
title_en = "Valid"
holder = "operator"
cite = ["ST-OP-001"]
[[stage]]
id = "ended"
title = "终止"
title_en = "Ended"
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
[[field]]
id = "term_to"
title = "止期"
title_en = "Last day"
type = "date"
group = "basics"
cite = ["ST-OP-001"]

[[act]]
id = "end"
kind = "terminate"
title = "终止"
title_en = "End"
by = ["operator"]
from = ["valid"]
to = "ended"
cite = ["ST-OP-001"]
"#;

/// The town with all its procedures.
pub async fn town() -> World {
    World::with(
        profiles_of_lone_permits(&[("appeal", APPEAL), ("asking", ASKING), ("licence", LICENCE)]),
        Arc::new(Strict),
    )
    .await
}

/// An engine that knows three faults of a query and has no answer to anything else.
struct Strict;

impl Strict {
    fn judge(sql: &str) -> Result<(), Refusal> {
        if sql.contains("median") {
            return Err(Refusal::unmet("function_not_allowed")
                .fact("function", "median")
                .fact("fragment", "median")
                .fact("line", 2)
                .fact("position", 1)
                .fact("nearest_kind", "sql")
                .fact("nearest", "avg(income)"));
        }
        if sql.contains("earnings") {
            return Err(Refusal::unmet("column_struck")
                .fact("column", "earnings")
                .fact("fragment", "earnings")
                .fact("nearest_kind", "instruction")
                .fact("nearest", "use_other_column"));
        }
        if sql.starts_with("SELEC ") {
            return Err(Refusal::unmet("query_not_parsed")
                .fact("line", 1)
                .fact("position", 1));
        }
        Ok(())
    }
}

#[async_trait]
impl Ask for Strict {
    async fn check(&self, _: &Permit, sql: &str) -> Result<(), Refusal> {
        Self::judge(sql)
    }
    async fn missing_grants(&self, permit: &Permit, sql: &str) -> Result<Missing, Fault> {
        missing(permit, |_| Ok(Self::judge(sql)))
    }
    async fn ask(&self, _: &Permit, sql: &str, _: &Past, _: Cancel) -> Result<Gated, AskError> {
        Self::judge(sql).map_err(AskError::Refused)?;
        Err(AskError::Opaque)
    }
}

#[async_trait]
impl TryOut for Strict {
    async fn try_out(
        &self,
        _: &Permit,
        sql: &str,
        tables: &BTreeMap<String, TrialTable>,
        _: Cancel,
    ) -> Result<Answer, AskError> {
        Self::judge(sql).map_err(AskError::Refused)?;
        Ok(Answer {
            columns: tables.keys().cloned().collect(),
            rows: Vec::new(),
            read: Vec::new(),
        })
    }
}
