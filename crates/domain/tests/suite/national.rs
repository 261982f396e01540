//! National rules beside the jurisdictions' own texts: in the base, marked as unverified, each behind a switch.

use shuyu_domain::{coverage::coverage, scenario::run};
use shuyu_profile::ProfileSource;

use crate::support::{folder, loaded};

/// A jurisdiction with national rules switched on.
fn switched_on(name: &str, switches: &[(&str, &str)]) -> ProfileSource {
    let own = folder(name);
    let mut settings = own.file("settings.toml").expect("settings").to_owned();
    for (id, clause) in switches {
        settings.push_str(&format!(
            "\n[[setting]]\nid = \"{id}\"\ntitle = \"国家规定\"\ntitle_en = \"National\"\nvalue = true\ncite = [\"{clause}\"]\n"
        ));
    }
    own.with("settings.toml", &settings)
}

fn failures(source: &ProfileSource, name: &str) -> Vec<String> {
    let (profile, scenarios) = loaded(&folder("cn-base"), source);
    let run = run(&profile, &scenarios, name);
    run.failures.iter().map(ToString::to_string).collect()
}

#[test]
fn no_rule_rests_on_an_unverified_number_until_it_is_switched_on() {
    for name in ["yunnan", "jilin", "qiqihar", "lanzhou"] {
        let (profile, scenarios) = loaded(&folder("cn-base"), &folder(name));
        let national = profile.instruments.iter().filter(|one| one.id.starts_with("CN-"));
        assert!(national.into_iter().all(|one| one.unverified), "{name}");
        let mut procedures = profile.procedures.iter();
        let rests =
            |clauses: &[shuyu_kernel::ClauseId]| clauses.iter().any(|id| id.as_str().starts_with("CN-"));
        assert!(
            !procedures.any(|one| one.clocks.iter().any(|clock| rests(clock.basis.clauses()))
                || one
                    .acts
                    .iter()
                    .flat_map(|act| &act.guards)
                    .any(|guard| rests(guard.basis.clauses()))),
            "{name}"
        );
        let rows = coverage(&profile, &scenarios).clauses;
        assert!(
            rows.iter().all(|row| !row.id.as_str().starts_with("CN-")),
            "{name}"
        );
    }
}

/// First registration 20, review 20, publicity 10 working days, three years; the year before by the end of March.
#[test]
fn switched_on_they_bind_with_their_own_clauses() {
    let registration = "title = \"登记的国家期限\"\nafter = \"story-2-plan\"\n\n\
        [[step]]\non = \"2026-03-02\"\nas = \"provider:州人社局\"\ndo = \"open registration\"\ncase = \"g\"\n\
        set = { name = \"参保\", kind = \"resource\", delivery_began_on = \"2026-02-27\" }\n\
        [step.then]\ndue = { national_first = \"2026-03-26\" }\n\n\
        [[step]]\non = \"2026-03-03\"\nas = \"provider:州人社局\"\ndo = \"apply\"\ncase = \"g\"\n\
        set = { resource = \"case:r1\", receipt_no = \"受 1\", form = \"file:表.pdf\" }\n\
        [step.then]\ndue = { national_review = \"2026-03-31\" }\nstopped = [\"national_first\"]\n\n\
        [[step]]\non = \"2026-03-17\"\nas = \"provider:州人社局\"\ndo = \"record_code\"\ncase = \"g\"\n\
        set = { registration_code = \"GG-1\" }\nrefused = \"publicity_not_over\"\nclause = \"CN-RG-003\"\n\n\
        [[step]]\non = \"2026-03-18\"\nas = \"provider:州人社局\"\ndo = \"record_code\"\ncase = \"g\"\n\
        set = { registration_code = \"GG-1\" }\n[step.then]\nstage = \"registered\"\n\
        due = { national_validity = \"2029-03-19\" }\nstopped = [\"national_review\"]\n";
    let source = switched_on(
        "yunnan",
        &[
            ("national_first_registration", "CN-RG-001"),
            ("national_registration_review", "CN-RG-002"),
            ("national_registration_publicity", "CN-RG-003"),
            ("national_registration_validity", "CN-RG-004"),
        ],
    )
    .with("scenarios/national-registration.toml", registration);
    assert_eq!(failures(&source, "national-registration"), Vec::<String>::new());

    let disclosure = "title = \"三月底前披露\"\n\n[[step]]\non = \"2026-02-11\"\nas = \"implementing_agency\"\n\
        do = \"open disclosure\"\ncase = \"x\"\nset = { period = \"2025 年度\", year_end = \"2025-12-31\" }\n\
        [step.then]\ndue = { national_year = \"2026-03-31\" }\n";
    let source = switched_on("yunnan", &[("national_disclosure", "CN-DS-001")])
        .with("scenarios/national-disclosure.toml", disclosure);
    assert_eq!(failures(&source, "national-disclosure"), Vec::<String>::new());
    for name in ["jilin", "qiqihar", "lanzhou"] {
        let source = switched_on(name, &[("national_disclosure", "CN-DS-001")]);
        let (profile, _) = loaded(&folder("cn-base"), &source);
        let disclosure = profile.procedure("disclosure").expect("disclosure");
        assert!(disclosure.clock("national_year").is_some(), "{name}");
        let publish = disclosure.act("publish").expect("publishing");
        assert!(publish.stops.iter().any(|id| id == "national_year"), "{name}");
    }
}

/// Ten working days to answer a sharing request, twenty to share after the consent, ten for a correction: beside the
/// shorter limits of the province, never in their place.
#[test]
fn sharing_has_its_national_limits_beside_those_of_the_province() {
    let sharing = "title = \"共享的国家期限\"\nafter = \"dm2-base\"\n\n\
        [[step]]\non = \"2026-03-02\"\nas = \"public_body:州税务局\"\ndo = \"open sharing_request\"\ncase = \"s\"\n\
        set = { name = \"核验参保\", resource = \"case:r1\", provider = \"body:州人社局\", scenario = \"核验减免资格\" }\n\n\
        [[step]]\non = \"2026-03-02\"\nas = \"public_body:州税务局\"\ndo = \"submit\"\ncase = \"s\"\n\
        set = { kind = \"obtain\", access_mode = \"batch\" }\n\
        [step.then]\ndue = { reply = \"2026-03-09\", national_reply = \"2026-03-16\" }\n\n\
        [[step]]\non = \"2026-03-10\"\nas = \"provider:州人社局\"\ndo = \"agree\"\ncase = \"s\"\n\
        set = { reply = \"同意\", secrecy_review = \"file:保密审查.pdf\" }\n\
        [step.then]\nstopped = [\"reply\", \"national_reply\"]\n\
        due = { complete_sharing = \"2026-03-17\", national_completion = \"2026-04-08\" }\n\n\
        [[step]]\non = \"2026-03-11\"\nas = \"provider:州人社局\"\ndo = \"deliver\"\ncase = \"s\"\n\
        set = { delivery_channel = \"gateway\", delivery_note = \"批次 1\" }\n\
        [step.then]\nstage = \"in_use\"\nstopped = [\"complete_sharing\", \"national_completion\"]\n";
    let source = switched_on(
        "yunnan",
        &[
            ("national_sharing_reply", "CN-SH-001"),
            ("national_sharing_completion", "CN-SH-002"),
        ],
    )
    .with("scenarios/national-sharing.toml", sharing);
    assert_eq!(failures(&source, "national-sharing"), Vec::<String>::new());

    let correction = "title = \"校核的国家期限\"\n\n\
        [[step]]\non = \"2026-03-02\"\nas = \"provider:州人社局\"\ndo = \"open correction\"\ncase = \"c\"\n\
        set = { name = \"参保月数核对\" }\n\n\
        [[step]]\non = \"2026-03-02\"\nas = \"provider:州人社局\"\ndo = \"receive\"\ncase = \"c\"\n\
        manner = \"on_behalf\"\nfill = true\n\
        set = { channel = \"counter\", identity_checked = \"yes\", applicant = \"张三\" }\n\
        [step.then]\ndue = { verify = \"2026-03-09\", national_correction = \"2026-03-16\" }\n";
    let source = switched_on("yunnan", &[("national_sharing_correction", "CN-SH-003")])
        .with("scenarios/national-correction.toml", correction);
    assert_eq!(failures(&source, "national-correction"), Vec::<String>::new());
}

/// Qiqihar's own text says nothing of prices; with the national rule a price for industry needs a ceiling and stays
/// below it. Yunnan and Jilin have ceilings of their own, Lanzhou has no prices.
#[test]
fn a_price_for_industry_needs_the_national_ceiling() {
    let own = folder("qiqihar");
    let base = own.file("scenarios/product-traded.toml").expect("scenario");
    let opened = base
        .split("[[step]]")
        .take_while(|step| !step.contains("set_price"));
    let opened = opened.collect::<Vec<_>>().join("[[step]]");
    let (before, after) = opened.split_once("name = \"客流指数\"").expect("the opening");
    let before = format!("{before}name = \"客流指数\"");
    let after = after.trim_end();
    let step = |price: &str, outcome: &str| {
        format!(
            "\n\n[[step]]\non = \"2025-09-01\"\nas = \"operator\"\ndo = \"set_price\"\ncase = \"p\"\n\
            set = {{ price = \"{price}\" }}\n{outcome}"
        )
    };
    let refused = "refused = \"price_above_national_ceiling\"\nclause = \"CN-PR-001\"\n";
    let industry = ", national_use = \"industry\"";
    let with_ceiling = format!("{industry}, national_ceiling = \"150\"");
    let cases = [
        (industry, vec![step("0", refused)]),
        (&with_ceiling, vec![step("150.01", refused), step("150", "")]),
        (", national_use = \"public\"", vec![step("0", "")]),
    ];
    for (declared, steps) in cases {
        let source = switched_on("qiqihar", &[("national_price_ceiling", "CN-PR-001")]).with(
            "scenarios/national-price.toml",
            &format!("{before}{declared}{after}{}", steps.concat()),
        );
        assert_eq!(
            failures(&source, "national-price"),
            Vec::<String>::new(),
            "{declared}"
        );
    }
}
