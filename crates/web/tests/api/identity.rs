//! 核验 over HTTP: one answer per consent, in one form, and guessing is stopped.

use serde_json::{Value, json};

use crate::{
    chain::Chain,
    engines::Register,
    sold::Sold,
    world::{Answered, World, in_world},
};

const ZHANG: (&str, &str) = Register::PEOPLE[0];
const LI: (&str, &str) = Register::PEOPLE[1];

struct Checks<'a> {
    world: &'a World,
    sold: Sold,
    customer: String,
}

impl<'a> Checks<'a> {
    async fn new(world: &'a World) -> Self {
        Self::of(world, Chain::answering(world, "verify").await).await
    }

    async fn of(world: &'a World, chain: Chain) -> Self {
        let sold = Sold::of(world, chain, "1000").await;
        let me = world.get("/api/v1/me").token(&sold.developer).empty().await.ok();
        let customer = me["actor"]["body"].as_str().unwrap_or_default().to_owned();
        assert!(!customer.is_empty(), "{me}");
        Self {
            world,
            sold,
            customer,
        }
    }

    /// With the index compiled.
    async fn ready(world: &'a World) -> Self {
        let checks = Self::new(world).await;
        let made = checks.compile(&checks.sold.operator, &["name"]).await.ok();
        assert_eq!(made["pairs"], 2);
        checks
    }

    async fn compile(&self, token: &str, attributes: &[&str]) -> Answered {
        let order = json!({ "table": "people", "identifier": "id_no", "attributes": attributes });
        let path = format!("/api/v1/products/{}/index", self.sold.product);
        self.world.post(&path).token(token).json(order).await
    }

    async fn consent_by(&self, token: &str, identifier: &str, until: &str) -> Answered {
        let paper = self
            .world
            .upload(
                token,
                "同意书.pdf",
                "paper",
                format!("同意 {identifier}").as_bytes(),
            )
            .await;
        let order = json!({ "customer": self.customer, "identifier": identifier, "purpose": "贷款申请",
            "until": until, "paper": paper });
        let path = format!("/api/v1/products/{}/consents", self.sold.product);
        self.world.post(&path).token(token).json(order).await
    }

    async fn consent(&self, identifier: &str) -> String {
        let made = self
            .consent_by(&self.sold.operator, identifier, "2026-12-31")
            .await
            .ok();
        made["token"].as_str().unwrap().to_owned()
    }

    async fn asked(&self, question: Value) -> Answered {
        let path = format!("/open/v1/products/{}/check", self.sold.product);
        let given = format!("Bearer {}.{}", self.sold.key_id, self.sold.secret);
        self.world
            .post(&path)
            .with("authorization", &given)
            .json(question)
            .await
    }

    async fn check(&self, consent: &str, (identifier, name): (&str, &str)) -> Answered {
        self.asked(json!({ "consent": consent, "purpose": "贷款申请", "identifier": identifier, "attributes": [name] }))
            .await
    }

    /// The answer to a question with a consent of its own.
    async fn same(&self, pair: (&str, &str)) -> Value {
        let consent = self.consent(pair.0).await;
        self.check(&consent, pair).await.ok()["same"].clone()
    }
}

/// A number of one region and birth date with a right check digit.
fn number(sequence: u32) -> String {
    let body = format!("11010119900101{sequence:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body
        .chars()
        .zip(weights)
        .map(|(c, w)| c.to_digit(10).unwrap() * w)
        .sum();
    let check = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][(sum % 11) as usize];
    format!("{body}{check}")
}

#[test]
fn a_permit_for_checks_is_for_nothing_else_and_no_other_is_for_checks() {
    in_world(|world| async move {
        let counting = Checks::of(&world, Chain::new(&world).await).await;
        let refused = counting.compile(&counting.sold.operator, &["name"]).await;
        assert_eq!(refused.problem().1, "permit_not_for_verification");
    });
    in_world(|world| async move {
        let chain = Chain::answering(&world, "verify").await;
        assert_eq!(
            chain.ask(&world, "SELECT 1").await.problem().1,
            "permit_verify_only"
        );
        let path = format!("/api/v1/permits/{}/sources", chain.permit());
        let refused = world.get(&path).token(&chain.operator).empty().await;
        assert_eq!(refused.problem().1, "permit_verify_only");
        let page = format!("/permits/{}", chain.permit());
        let page = world
            .page(axum::http::Method::GET, &page, &chain.operator, &[])
            .await;
        let text = String::from_utf8_lossy(&page.bytes).into_owned();
        assert!(
            text.contains("只做核验") && !text.contains("name=\"sql\""),
            "{text}"
        );
        let checks = Checks::of(&world, chain).await;
        let made = checks.compile(&checks.sold.operator, &["name"]).await.ok();
        assert_eq!(made["pairs"], 2);
    });
}

#[test]
fn what_the_register_says_is_the_same_and_all_else_differs_in_one_form() {
    in_world(|world| async move {
        let checks = Checks::ready(&world).await;
        assert_eq!(checks.same(ZHANG).await, 1);
        assert_eq!(checks.same((ZHANG.0, "李四")).await, 0, "another name");
        let stranger = number(700);
        assert_eq!(checks.same((&stranger, "张三")).await, 0, "not in the register");
        let consents = [checks.consent(LI.0).await, checks.consent(&stranger).await];
        let yes = checks.check(&consents[0], LI).await;
        let no = checks.check(&consents[1], (&stranger, "王五")).await;
        assert_eq!(
            (yes.ok()["same"].clone(), no.ok()["same"].clone()),
            (json!(1), json!(0))
        );
        assert_eq!(yes.bytes.len(), no.bytes.len());
        // Nobody's number or name stands in either log or in any document.
        for (log, text) in [
            ("access", ZHANG.0),
            ("access", "张三"),
            ("proceedings", ZHANG.0),
            ("proceedings", "张三"),
        ] {
            let log = match log {
                "access" => shuyu_domain::port::Log::Access,
                _ => shuyu_domain::port::Log::Proceedings,
            };
            let entries = shuyu_domain::port::Record::entries(world.store.as_ref(), log, 0, 10_000)
                .await
                .unwrap();
            assert!(entries.len() > 3);
            assert!(
                entries
                    .iter()
                    .all(|entry| !String::from_utf8_lossy(&entry.bytes).contains(text))
            );
        }
    });
}

#[test]
fn a_consent_is_for_one_question_about_one_subject_by_one_customer_for_one_purpose() {
    in_world(|world| async move {
        let checks = Checks::ready(&world).await;
        let consent = checks.consent(ZHANG.0).await;
        assert_eq!(
            checks.check(&consent, LI).await.problem(),
            (403, "consent_of_another".to_owned())
        );
        let other =
            json!({ "consent": consent, "purpose": "营销", "identifier": ZHANG.0, "attributes": [ZHANG.1] });
        assert_eq!(
            checks.asked(other).await.problem(),
            (403, "consent_of_another".to_owned())
        );
        assert_eq!(
            checks.check("ct_00", ZHANG).await.problem(),
            (403, "consent_unknown".to_owned())
        );
        // What was refused used nothing up.
        assert_eq!(checks.check(&consent, ZHANG).await.ok()["same"], 1);
        assert_eq!(
            checks.check(&consent, ZHANG).await.problem(),
            (403, "consent_used".to_owned())
        );
        let short = checks
            .consent_by(&checks.sold.operator, LI.0, "2026-03-02")
            .await
            .ok();
        world.wall.advance_seconds(86_400);
        let late = checks.check(short["token"].as_str().unwrap(), LI).await;
        assert_eq!(late.problem(), (403, "consent_expired".to_owned()));
        assert_eq!(late.json()["clauses"][0]["id"], "ST-OP-002");
    });
}

#[test]
fn two_questions_with_one_consent_at_the_same_time_get_one_answer() {
    in_world(|world| async move {
        let checks = Checks::ready(&world).await;
        let consent = checks.consent(ZHANG.0).await;
        let (one, other) = tokio::join!(checks.check(&consent, ZHANG), checks.check(&consent, ZHANG));
        let answered = [one, other]
            .into_iter()
            .filter(|answer| answer.status.is_success());
        assert_eq!(answered.count(), 1);
    });
}

#[test]
fn consents_are_recorded_by_others_than_the_customer() {
    in_world(|world| async move {
        let checks = Checks::new(&world).await;
        let early = checks
            .consent_by(&checks.sold.operator, ZHANG.0, "2026-12-31")
            .await;
        assert_eq!(early.problem(), (422, "product_without_index".to_owned()));
        checks.compile(&checks.sold.operator, &["name"]).await.ok();
        let own = checks
            .consent_by(&checks.sold.developer, ZHANG.0, "2026-12-31")
            .await;
        assert_eq!(own.problem(), (403, "consent_by_client".to_owned()));
        let provider = world.sign_in("prov.clerk").await;
        let foreign = checks.consent_by(&provider, ZHANG.0, "2026-12-31").await;
        assert_eq!(foreign.problem(), (403, "not_a_party".to_owned()));
        let wrong = checks
            .consent_by(&checks.sold.operator, "110101198703120010", "2026-12-31")
            .await;
        assert_eq!(wrong.problem(), (422, "identifier_wrong".to_owned()));
        let long = checks
            .consent_by(&checks.sold.operator, ZHANG.0, "2028-12-31")
            .await;
        assert_eq!(long.problem(), (422, "consent_incomplete".to_owned()));
    });
}

#[test]
fn an_index_is_compiled_from_granted_columns_by_whose_product_it_is() {
    in_world(|world| async move {
        let checks = Checks::new(&world).await;
        let own = checks.compile(&checks.sold.developer, &["name"]).await;
        assert_eq!(own.problem(), (403, "not_a_party".to_owned()));
        let used = checks.compile(&checks.sold.operator, &["age"]).await;
        assert_eq!(used.problem(), (422, "index_column_not_linked".to_owned()));
        for attributes in [&["id_no"][..], &[], &["name", "name"]] {
            let wrong = checks.compile(&checks.sold.operator, attributes).await;
            assert_eq!(
                wrong.problem(),
                (422, "index_columns_wrong".to_owned()),
                "{attributes:?}"
            );
        }
        let asked = checks.check("ct_00", ZHANG).await;
        assert_eq!(asked.problem(), (422, "product_without_index".to_owned()));
    });
}

#[test]
fn three_differing_answers_lock_a_subject_until_it_unlocks_itself() {
    in_world(|world| async move {
        let checks = Checks::ready(&world).await;
        for name in ["王五", "赵六", "钱七"] {
            assert_eq!(checks.same((ZHANG.0, name)).await, 0);
        }
        let consent = checks.consent(ZHANG.0).await;
        let right = checks.check(&consent, ZHANG).await;
        assert_eq!(
            right.problem(),
            (429, "identity_locked".to_owned()),
            "the right answer is locked too"
        );
        assert_eq!(right.json()["clauses"][0]["id"], "ST-OP-002");
        assert_eq!(checks.same(LI).await, 1, "nobody else is");
        let paper = world
            .upload(&checks.sold.operator, "本人申请.pdf", "paper", b"unlock")
            .await;
        let unlock = format!("/api/v1/products/{}/unlocks", checks.sold.product);
        let order = json!({ "identifier": ZHANG.0, "paper": paper });
        world
            .post(&unlock)
            .token(&checks.sold.operator)
            .json(order)
            .await
            .ok();
        assert_eq!(checks.check(&consent, ZHANG).await.ok()["same"], 1);
    });
}

#[test]
fn guessing_over_numbers_and_names_is_stopped() {
    in_world(|world| async move {
        let mut checks = Checks::ready(&world).await;
        // Twenty numbers of one region and birth date, with different names.
        let mut ended = None;
        for sequence in 100..130 {
            let identifier = number(sequence);
            let consent = checks.consent(&identifier).await;
            let answer = checks
                .check(&consent, (&identifier, &format!("甲{sequence}")))
                .await;
            if !answer.status.is_success() {
                ended = Some((sequence - 100, answer.problem()));
                break;
            }
        }
        assert_eq!(ended, Some((20, (429, "identity_mismatches".to_owned()))));
        // The next day counts anew, and one number asked again and again is one number.
        world.wall.advance_seconds(86_400);
        checks.sold.operator = world.sign_in("op.clerk").await;
        for _ in 0..25 {
            assert_eq!(checks.same(LI).await, 1);
        }
        for sequence in 200..219 {
            let identifier = number(sequence);
            assert_eq!(checks.same((&identifier, &format!("乙{sequence}"))).await, 0);
        }
        let (one, more) = (number(300), number(301));
        let consents = [checks.consent(&one).await, checks.consent(&more).await];
        let last = checks.check(&consents[0], (&one, "丙")).await;
        assert_eq!(
            last.problem(),
            (429, "identity_pattern".to_owned()),
            "li is one of the twenty"
        );
    });
}

#[test]
fn an_ended_agreement_ends_the_checks() {
    in_world(|world| async move {
        let checks = Checks::ready(&world).await;
        let consent = checks.consent(ZHANG.0).await;
        crate::chain::act(&world, &checks.sold.operator, &checks.sold.agreement, "end").await;
        let closed = checks.check(&consent, ZHANG).await;
        assert_eq!(closed.problem(), (403, "access_closed".to_owned()));
        let malformed = checks.asked(json!({ "consent": consent })).await;
        assert_eq!(malformed.problem(), (422, "question_wrong_shape".to_owned()));
    });
}
