//! The sheets of a case and of its acts: who sees what of them, and what proves them.

use shuyu_ledger::{Receipt, verification_code};

use super::desk::{Desk, Page, case_of};
use crate::world::{World, in_world, noted};

const CONTENTS: [(&str, &str); 3] = [
    ("f.name", "园区一期"),
    ("f.contact", "张三丰"),
    ("f.starts_on", "2026-04-01"),
];

/// A request that was opened, submitted and approved: acts 1, 2 and 3.
async fn approved(world: &World) -> String {
    let mut operator = Desk::sign_in(world, "op.clerk").await;
    let case = operator.open("request", &CONTENTS).await;
    let form = format!("/cases/{case}/acts/submit/-");
    let check = operator.fill(&form, "form", &CONTENTS).await;
    let done = operator.submit(&form, &check).await;
    assert_eq!(case_of(done.location()), case);
    Desk::sign_in(world, "au.clerk").await.act(&case, "approve").await;
    let mut chief = Desk::sign_in(world, "au.chief").await;
    let page = chief.get(&format!("/cases/{case}")).await.drawn(200);
    let (key, version) = (page.hidden("key"), page.hidden("version"));
    let fields = [("key", key.as_str()), ("version", version.as_str())];
    let advanced = chief
        .post(&format!("/cases/{case}/waiting/1/advance"), &fields)
        .await;
    chief.follow(&advanced).await.drawn(200);
    case
}

#[test]
fn every_act_of_the_timeline_has_its_sheet_and_a_number_too_high_is_refused() {
    in_world(|world| async move {
        let case = approved(&world).await;
        let mut operator = Desk::sign_in(&world, "op.clerk").await;
        let page = operator.get(&format!("/cases/{case}")).await.drawn(200);
        for number in 1..=3 {
            page.holds(&[&format!("href=\"/cases/{case}/acts/{number}/print\"")]);
        }
        page.lacks(&["/acts/4/print"]);
        let opening = operator
            .get(&format!("/cases/{case}/acts/1/print"))
            .await
            .drawn(200);
        opening.holds(&["建案登记表", "申〔2026〕1号-1", "园区一期"]);
        // A letter goes to whoever has to act next.
        let letter = operator
            .get(&format!("/cases/{case}/acts/2/print"))
            .await
            .drawn(200);
        letter.holds(&[
            "关于提交“园区一期”的函",
            "示例镇数据局：",
            "进入“审核”阶段",
            "2026年3月2日",
        ]);
        // A decision goes to whoever opened the case, names its clause and everybody whose hands it went through.
        let decision = operator
            .get(&format!("/cases/{case}/acts/3/print"))
            .await
            .drawn(200);
        decision.holds(&[
            "关于“园区一期”的批复",
            "示例运营公司：",
            "示例办法 ST-OP-001: 申请须写明名称",
            "特此决定。",
            "（盖章）",
            "au.clerk",
            "au.chief",
            "本案至此办结",
        ]);
        let english = operator.get("/language/en").await;
        operator.follow(&english).await;
        let decision = operator
            .get(&format!("/cases/{case}/acts/3/print"))
            .await
            .drawn(200);
        decision.holds(&["Approval of “园区一期”", "To: 示例运营公司", "On 2026-03-02"]);
        for wrong in ["0", "4", "x"] {
            let refused = operator
                .get(&format!("/cases/{case}/acts/{wrong}/print"))
                .await
                .drawn(404);
            refused.holds(&["<code>printed_act_unknown</code>"]);
        }
        assert_eq!(noted(&world, "printed_act_unknown").await.len(), 3);
    });
}

#[test]
fn the_code_on_a_sheet_is_that_of_its_receipt() {
    in_world(|world| async move {
        let case = approved(&world).await;
        world.app.keeper().seal().await.unwrap();
        let mut operator = Desk::sign_in(&world, "op.clerk").await;
        let sheet = operator
            .get(&format!("/cases/{case}/acts/3/print"))
            .await
            .drawn(200);
        let (_, index) = sheet.text.split_once("receipt-").unwrap();
        let (index, _) = index.split_once(".json").unwrap();
        let receipt = operator.get(&format!("/ledger/{index}/receipt")).await;
        let receipt = Receipt::parse(&receipt.answered.bytes).unwrap();
        let verified = receipt.verify(world.store.verifying_key()).unwrap();
        assert_eq!(verified.entry.kind, "case.taken.v1");
        sheet.holds(&[&verification_code(&verified.leaf), &verified.leaf.to_string()]);
        assert_eq!(verification_code(&verified.leaf).len(), 19);
    });
}

#[test]
fn a_sheet_shows_what_the_case_page_shows_and_personal_fields_only_to_parties_who_ask() {
    in_world(|world| async move {
        let case = approved(&world).await;
        let print = format!("/cases/{case}/print");
        let mut operator = Desk::sign_in(&world, "op.clerk").await;
        let sheet = operator.get(&print).await.drawn(200);
        sheet.holds(&[
            "申请案卷",
            "申〔2026〕1号",
            "园区一期",
            "2026-04-01",
            "个人信息，已加密保存",
            "/assets/print.css",
            "Ctrl+P",
        ]);
        sheet.lacks(&["张三丰", "<style", "style=\""]);
        assert_eq!(noted(&world, "\"print\"").await.len(), 1, "the look is noted");

        let paths = [print.clone(), format!("/cases/{case}/acts/2/print")];
        for (at, path) in paths.iter().enumerate() {
            let forged = operator.send(path, &[("csrf", "made up")]).await;
            assert_eq!(forged.status(), 403, "{}", forged.text);
            let opened: Page = operator.post(path, &[]).await.drawn(200);
            opened.holds(&["张三丰"]);
            let looks = noted(&world, &format!("{case}/contact")).await;
            assert_eq!(looks.len(), at + 1, "each look is noted");
        }

        // Whoever watches over all cases sees the sheet, but opens nothing.
        let mut overseer = Desk::sign_in(&world, "bureau").await;
        let seen = overseer.get(&print).await.drawn(200);
        seen.lacks(&["张三丰", "<form"]);
        let refused = overseer.post(&print, &[]).await.drawn(403);
        refused.holds(&["<code>not_a_party</code>"]);
        refused.lacks(&["张三丰"]);

        let mut stranger = Desk::sign_in(&world, "dev.clerk").await;
        for path in paths {
            stranger.get(&path).await.drawn(404).lacks(&["园区一期"]);
            stranger.post(&path, &[]).await.drawn(404).lacks(&["园区一期"]);
        }
    });
}
