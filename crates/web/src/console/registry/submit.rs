//! What a form of the registry sends, as an order for `app`.

use std::str::FromStr;

use axum::{
    extract::{Path, Request},
    response::Redirect,
};
use shuyu_app::{
    handover::NewHandover,
    succession::{NewMerger, NewRename, NewSuccession},
    ties::{NewEnding, NewFinding, NewHolding, NewOwner, NewRepresentative},
};
use shuyu_kernel::{CivilDate, Refusal};

use crate::{
    console::posted::Posted,
    page::{ConsoleError, Visit},
};

/// `POST /registry/{what}`
pub(crate) async fn submit(
    visit: Visit,
    Path(what): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let (app, session, key) = (visit.app(), &visit.session, posted.one("key"));
    match what.as_str() {
        "holding" => {
            app.enter_holding(session, holding(&posted)?, key).await?;
        }
        "holding-end" => {
            app.end_holding(session, ending(&posted)?, key).await?;
        }
        "representative" => {
            let new = NewRepresentative {
                body: chosen(&posted, "body")?,
                name: posted.one("name").to_owned(),
                identity: posted.one("identity").to_owned(),
                from: day(posted.one("from"))?,
                paper: posted.one("paper").to_owned(),
            };
            app.enter_representative(session, new, key).await?;
        }
        "finding" => {
            let new = NewFinding {
                a: chosen(&posted, "a")?,
                b: chosen(&posted, "b")?,
                paper: posted.one("paper").to_owned(),
            };
            app.find_affiliated(session, new, key).await?;
        }
        "finding-end" => {
            app.lift_finding(session, ending(&posted)?, key).await?;
        }
        "handover" => {
            app.hand_over(session, handover(&posted)?, key).await?;
        }
        "rename" => {
            let new = NewRename {
                body: chosen(&posted, "body")?,
                name: posted.one("new_name").to_owned(),
                on: day(posted.one("first_day"))?,
                paper: posted.one("paper").to_owned(),
            };
            app.rename_body(session, new, key).await?;
        }
        "merger" => {
            let new = NewMerger {
                from: chosen(&posted, "from_body")?,
                into: chosen(&posted, "into")?,
                on: day(posted.one("first_day"))?,
                paper: posted.one("paper").to_owned(),
            };
            app.merge_bodies(session, new, key).await?;
        }
        "succession" => {
            let new = NewSuccession {
                from: chosen(&posted, "from_body")?,
                role: posted.one("role").to_owned(),
                paper: posted.one("paper").to_owned(),
            };
            app.role_succeeds(session, new, key).await?;
        }
        _ => return Err(Refusal::unknown("page_unknown").into()),
    }
    Ok(Redirect::to("/registry"))
}

fn handover(posted: &Posted) -> Result<NewHandover, Refusal> {
    let post = posted.one("post").split_once('|');
    Ok(NewHandover {
        from: posted.one("from_login").to_owned(),
        to: posted.one("to_login").to_owned(),
        post: post.map(|(role, post)| (role.to_owned(), post.to_owned())),
        on: day(posted.one("first_day"))?,
        paper: posted.one("paper").to_owned(),
    })
}

fn holding(posted: &Posted) -> Result<NewHolding, Refusal> {
    Ok(NewHolding {
        owner: owner(posted, "owner")?,
        of: owner(posted, "of")?,
        share_bp: share(posted.one("share"))?,
        control: !posted.one("control").is_empty(),
        state: !posted.one("state").is_empty(),
        from: day(posted.one("from"))?,
        until: posted.filled("until").map(|text| day(&text)).transpose()?,
        paper: posted.one("paper").to_owned(),
    })
}

fn owner(posted: &Posted, side: &str) -> Result<NewOwner, Refusal> {
    Ok(NewOwner {
        body: match posted.filled(side) {
            Some(_) => Some(chosen(posted, side)?),
            None => None,
        },
        name: posted.one(&format!("{side}_name")).to_owned(),
        credit_code: posted.one(&format!("{side}_code")).to_owned(),
    })
}

fn ending(posted: &Posted) -> Result<NewEnding, Refusal> {
    Ok(NewEnding {
        number: chosen(posted, "number")?,
        on: day(posted.one("on"))?,
        paper: posted.one("paper").to_owned(),
    })
}

fn chosen<T: FromStr>(posted: &Posted, name: &str) -> Result<T, Refusal> {
    posted
        .one(name)
        .trim()
        .parse()
        .map_err(|_| Refusal::unmet("form_malformed"))
}

fn day(text: &str) -> Result<CivilDate, Refusal> {
    text.trim().parse().map_err(|_| Refusal::unmet("date_malformed"))
}

/// A percentage as typed, with at most two decimals, in basis points; nothing typed is no share.
fn share(text: &str) -> Result<u32, Refusal> {
    let wrong = || Refusal::unmet("holding_share_invalid");
    let text = text.trim().trim_end_matches(['%', '％']).trim();
    if text.is_empty() {
        return Ok(0);
    }
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || rest.len() > 2 || !plain(whole) || !plain(rest) {
        return Err(wrong());
    }
    let whole: u32 = whole.parse().map_err(|_| wrong())?;
    let rest: u32 = format!("{rest:0<2}").parse().map_err(|_| wrong())?;
    Ok(whole * 100 + rest)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_percentage_is_read_to_the_basis_point() {
        for (text, bp) in [
            ("", Some(0)),
            ("50", Some(5000)),
            ("49.99%", Some(4999)),
            ("0.5 ％", Some(50)),
            ("33.3", Some(3330)),
            ("33.333", None),
            ("-1", None),
            ("half", None),
            (".5", None),
        ] {
            assert_eq!(share(text).ok(), bp, "{text}");
        }
    }
}
