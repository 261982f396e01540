//! The chain of authority in the town: catalogue entries, an operating agreement, data use, a permit.

mod data_use;

use serde_json::{Value, json};
use shuyu_app::port::{Answer, Cell};
use shuyu_domain::{
    Event,
    event::{AnsweredQuery, CaseEvent, Examined, ReleaseEvent},
    port::{Document, Stream},
};
use shuyu_kernel::{CaseId, DatasetId, Digest, PermitId, ReleaseId};

pub use crate::recording::{examined, recorded, write};
pub use crate::world::noted;
use crate::{recording::actor, world::World};
pub use data_use::USE;

pub const ENTRY: &str = r#"
id = "entry"
title = "目录条目"
title_en = "Entry"
section = "catalogue"
number_prefix = "目〔{year}〕{seq}号"
cite = ["ST-OP-001"]
[open]
by = ["provider"]
[[stage]]
id = "published"
title = "已发布"
title_en = "Published"
rests = true
cite = ["ST-OP-001"]
[[stage]]
id = "retired"
title = "已撤回"
title_en = "Retired"
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
id = "openness"
title = "开放"
title_en = "Openness"
type = "choice"
group = "basics"
choices = [{ id = "closed", title = "否", title_en = "No" }, { id = "open", title = "是", title_en = "Yes" }]
cite = ["ST-OP-001"]
[[act]]
id = "retire"
kind = "terminate"
title = "撤回"
title_en = "Retire"
by = ["provider"]
from = ["published"]
to = "retired"
cite = ["ST-OP-001"]
"#;

pub const OPERATING: &str = r#"
id = "operating"
title = "运营协议"
title_en = "Operating agreement"
section = "authorisation"
number_prefix = "运〔{year}〕{seq}号"
parties = ["authority"]
cite = ["ST-OP-001"]
[open]
by = ["operator"]
[[stage]]
id = "active"
title = "有效"
title_en = "Active"
rests = true
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
id = "term_to"
title = "终止日"
title_en = "Last day"
type = "date"
group = "basics"
cite = ["ST-OP-001"]
[[act]]
id = "end"
kind = "terminate"
title = "终止"
title_en = "End"
by = ["authority"]
from = ["active"]
to = "ended"
cite = ["ST-OP-001"]
"#;

/// A permit over one personal table and, beside it, one open table.
pub struct Chain {
    pub operator: String,
    pub authority: String,
    pub provider: String,
    pub agreement: String,
    pub people: String,
    pub roads: String,
    pub case: String,
}

impl Chain {
    /// The chain up to the permit. `report` attaches an assessment, `verdict` is what the authority says of it.
    pub async fn with(world: &World, report: bool, verdict: Option<&str>) -> Self {
        Self::granting(world, report, verdict, "").await
    }

    pub async fn granting(world: &World, report: bool, verdict: Option<&str>, more: &str) -> Self {
        Self::asking(world, (report, verdict), more, json!({})).await
    }

    /// With a word on how answers leave.
    pub async fn answering(world: &World, answers: &str) -> Self {
        Self::asking(world, (false, None), "", json!({ "answers": answers })).await
    }

    /// With an answer to whether fusion is asked for.
    pub async fn fusing(world: &World, fusion: &str, report: bool, verdict: Option<&str>) -> Self {
        Self::asking(world, (report, verdict), "", json!({ "fusion": fusion })).await
    }

    async fn asking(
        world: &World,
        (report, verdict): (bool, Option<&str>),
        more: &str,
        asked: Value,
    ) -> Self {
        let operator = world.sign_in("op.clerk").await;
        let authority = world.sign_in("au.clerk").await;
        let provider = world.sign_in("prov.clerk").await;
        let entry = |name: &str, openness: &str| json!({ "name": name, "openness": openness });
        let people = world.open(&provider, "entry", entry("people", "closed")).await;
        let roads = world.open(&provider, "entry", entry("roads", "open")).await;
        dataset(world, &people, "people", Some("person")).await;
        dataset(world, &roads, "roads", None).await;
        let term = json!({ "term_to": "2027-12-31" });
        let agreement = world.open(&operator, "operating", term).await;
        let tables = format!(
            "{people} people | counting\nid_no: link out filter group{more}\nage: group filter{more}\nname: link\n\n\
             {roads} roads | counting\nid_no: group\n"
        );
        let mut set = asked;
        (set["agreement"], set["tables"]) = (json!(agreement), json!(tables));
        if report {
            let made = world
                .post("/api/v1/uploads?name=report.pdf")
                .token(&operator)
                .send("report")
                .await
                .ok();
            set["join_risk_report"] = made["digest"].clone();
        }
        let case = world.open(&operator, "use", set).await;
        let set = verdict.map_or_else(|| json!({}), |verdict| json!({ "join_risk": verdict }));
        let chain = Self {
            operator,
            authority,
            provider,
            agreement,
            people,
            roads,
            case,
        };
        let permit = json!({ "act": "permit", "set": set });
        world
            .post(&format!("/api/v1/cases/{}/acts", chain.case))
            .token(&chain.authority)
            .json(permit)
            .await
            .ok();
        chain
    }

    pub async fn new(world: &World) -> Self {
        Self::with(world, false, None).await
    }

    /// A further permit of the same chain: for some rows of `people`, and with these uses of its ages.
    pub async fn for_rows(mut self, world: &World, rows: &str, uses: &str) -> Self {
        let filed = self.file_for_rows(world, rows, uses).await.ok();
        self.case = filed["case"].as_str().unwrap().to_owned();
        act(world, &self.authority, &self.case, "permit").await;
        self
    }

    /// Files its application.
    pub async fn file_for_rows(&self, world: &World, rows: &str, uses: &str) -> crate::world::Answered {
        let tables = format!("{} people | some of them\n@ {rows}\nage: {uses}\n", self.people);
        let set = json!({ "agreement": self.agreement, "tables": tables });
        let body = json!({ "procedure": "use", "set": set });
        world.post("/api/v1/cases").token(&self.operator).json(body).await
    }

    pub fn permit(&self) -> String {
        self.case.replace("case_", "permit_")
    }

    /// Asks under the permit.
    pub async fn ask(&self, world: &World, sql: &str) -> crate::world::Answered {
        world
            .post(&format!("/api/v1/permits/{}/queries", self.permit()))
            .token(&self.operator)
            .json(json!({ "sql": sql }))
            .await
    }

    pub async fn revoke(&self, world: &World) {
        act(world, &self.authority, &self.case, "revoke").await;
    }
}

/// Takes an act without answers.
pub async fn act(world: &World, token: &str, case: &str, act: &str) {
    world
        .post(&format!("/api/v1/cases/{case}/acts"))
        .token(token)
        .json(json!({ "act": act }))
        .await
        .ok();
}

async fn dataset(world: &World, entry: &str, table: &str, domain: Option<&str>) {
    recorded(world, entry, (table, 1), domain).await;
    examined(world, entry, 1, Examined::default()).await;
}

/// Ends the permit of a case behind the back of this process, as another one would.
pub async fn end_permit_elsewhere(world: &World, case: &str) {
    let id: CaseId = case.parse().unwrap();
    let permit = PermitId::from_bits(id.bits());
    let event = Event::Case(CaseEvent::PermitEnded { permit });
    write(world, Stream::Case(id), event, Vec::new()).await;
}

/// The answer every query of these tests gets.
pub fn answer() -> Answer {
    let text = |text: &str| Cell::Text(text.to_owned());
    Answer {
        columns: vec!["area".to_owned(), "count".to_owned()],
        rows: vec![
            vec![text("530102"), Cell::Integer(120)],
            vec![text("530103"), Cell::Integer(85)],
            vec![text("530111"), Cell::Missing],
        ],
        read: Vec::new(),
    }
}

/// An answer as a document that no entry names.
pub fn unrecorded(case: &str) -> Document {
    let release = "rel_01k0q4vh8m9x2t5e7w3r6y1ab2";
    let permit = case.replace("case_", "permit_");
    let body: Value = json!({ "release": release, "case": case, "permit": permit, "answer": answer() });
    Document {
        kind: "release".to_owned(),
        key: release.to_owned(),
        body: body.to_string(),
        owner: case.to_owned(),
        version: 1,
    }
}

/// Puts a release into the record as if a query had been answered, and gives its id.
pub async fn release(world: &World, case: &str) -> String {
    release_of(world, case, Vec::new()).await
}

/// The same with the versions that were read.
pub async fn release_of(world: &World, case: &str, read: Vec<(DatasetId, u64)>) -> String {
    let document = unrecorded(case);
    let release: ReleaseId = document.key.parse().unwrap();
    let id: CaseId = case.parse().unwrap();
    let event = Event::Release(ReleaseEvent::Answered(AnsweredQuery {
        release,
        permit: PermitId::from_bits(id.bits()),
        case: id,
        by: actor(),
        query: Digest::of(b"query"),
        read,
        rows: 3,
        result: Digest::of(document.body.as_bytes()),
    }));
    write(world, Stream::Release(release), event, vec![document]).await;
    release.to_string()
}
