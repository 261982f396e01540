//! 原则上: an exception from two rules, granted by one act, stands once on the page of those who oversee.

use std::sync::Arc;

use serde_json::json;

use super::desk::Desk;
use crate::{
    engines::Oracle,
    profile::profiles_and,
    world::{World, run},
};

const LEAVE: &str = r#"
id = "leave"
title = "请假"
title_en = "Leave"
section = "authorisation"
number_prefix = "假〔{year}〕{seq}号"
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
id = "sent"
title = "已送"
title_en = "Sent"
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
type = "text"
group = "basics"
cite = ["ST-OP-001"]
[[field]]
id = "second"
title = "旁证"
title_en = "Second proof"
type = "text"
group = "basics"
cite = ["ST-OP-002"]
[[field]]
id = "exception_reason"
title = "例外理由"
title_en = "Reason"
type = "paragraph"
cite = ["ST-OP-001"]
[[field]]
id = "exception_paper"
title = "例外批件"
title_en = "Paper"
type = "file"
cite = ["ST-OP-001"]

[[act]]
id = "excuse"
kind = "approve"
title = "准予例外"
title_en = "Allow an exception"
by = ["operator"]
from = ["drafting"]
records = ["exception_reason", "exception_paper"]
cite = ["ST-OP-001"]

[[act]]
id = "send"
kind = "submit"
title = "送出"
title_en = "Send"
by = ["operator"]
from = ["drafting"]
to = "sent"
cite = ["ST-OP-001"]
[[act.guard]]
rule = "complete"
code = "proof_missing"
fields = ["proof"]
exception = "excuse"
cite = ["ST-OP-001"]
[[act.guard]]
rule = "complete"
code = "second_missing"
fields = ["second"]
exception = "excuse"
cite = ["ST-OP-002"]
"#;

#[test]
fn an_exception_is_listed_once_with_its_reason_and_all_its_clauses() {
    run(async {
        let world = World::with(profiles_and(&[("leave", LEAVE)]), Arc::new(Oracle::default())).await;
        let mut bureau = Desk::sign_in(&world, "bureau").await;
        let none = bureau.get("/supervision").await.drawn(200);
        none.lacks(&["桥断了"]);

        let operator = world.sign_in("op.clerk").await;
        let case = world.open(&operator, "leave", json!({ "name": "一" })).await;
        let act = async |body: serde_json::Value| {
            let acts = world.post(&format!("/api/v1/cases/{case}/acts"));
            acts.token(&operator).json(body).await
        };
        let send = || json!({ "act": "send" });
        assert_eq!(act(send()).await.problem(), (422, "proof_missing".to_owned()));
        let paper = world.upload(&operator, "paper.pdf", "paper", b"paper").await;
        let set = json!({ "exception_reason": "桥断了", "exception_paper": paper });
        act(json!({ "act": "excuse", "set": set })).await.ok();
        act(send()).await.ok();

        let listed = bureau.get("/supervision").await.drawn(200);
        listed.holds(&["桥断了", "ST-OP-001", "ST-OP-002"]);
        assert_eq!(listed.text.matches("桥断了").count(), 1);
    });
}
