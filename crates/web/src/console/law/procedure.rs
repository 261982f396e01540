//! The page of a procedure: stages with their ways out, acts with guards, clocks, diagram.

use askama::Template;
use axum::{extract::Path, response::Response};
use shuyu_kernel::Refusal;
use shuyu_profile::{Procedure, diagram};

use crate::page::{ConsoleError, Frame, Grounds, Visit, frame::role_title, ok};

#[derive(Template)]
#[template(path = "procedure.html")]
pub(crate) struct ProcedurePage {
    pub frame: Frame,
    pub title: String,
    pub grounds: Grounds,
    pub stages: Vec<StageRow>,
    pub acts: Vec<ActRow>,
    pub clocks: Vec<ClockRow>,
    pub diagram: String,
}

pub(crate) struct StageRow {
    pub id: String,
    pub title: String,
    pub is_final: bool,
    pub holder: String,
    pub grounds: Grounds,
    pub ways: Vec<Way>,
}

pub(crate) struct Way {
    pub act: String,
    pub to_id: String,
    pub to: String,
    pub by: String,
}

pub(crate) struct ActRow {
    pub title: String,
    pub by: String,
    pub guards: Vec<GuardRow>,
    pub grounds: Grounds,
}

pub(crate) struct GuardRow {
    pub code: String,
    pub grounds: Grounds,
}

pub(crate) struct ClockRow {
    pub title: String,
    pub limit: String,
    pub grounds: Grounds,
}

/// `GET /law/procedures/{id}`
pub(crate) async fn procedure(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let unknown =
        || Refusal::unknown("procedure_unknown").fact("procedure", id.chars().take(60).collect::<String>());
    let procedure = visit.profile.procedure(&id).ok_or_else(unknown)?;
    let frame = visit.frame_at("nav-law").crumb("/law", &visit.frame.t("nav-law"));
    let profile = &visit.profile;
    let roles = |ids: &[String]| {
        ids.iter()
            .map(|id| role_title(frame.lang, profile, id))
            .collect::<Vec<_>>()
            .join(" · ")
    };
    let acts = procedure.acts.iter().map(|act| ActRow {
        title: frame.pick(&act.title, &act.title_en).to_owned(),
        by: roles(&act.by),
        guards: act
            .guards
            .iter()
            .map(|guard| GuardRow {
                code: guard.code.clone(),
                grounds: Grounds::of(&frame, profile, &guard.basis),
            })
            .collect(),
        grounds: Grounds::of(&frame, profile, &act.basis),
    });
    let clocks = procedure.clocks.iter().map(|clock| ClockRow {
        title: frame.pick(&clock.title, &clock.title_en).to_owned(),
        limit: clock
            .limit
            .map_or_else(|| frame.t("clock-limit-by-case"), |limit| frame.limit(limit)),
        grounds: Grounds::of(&frame, profile, &clock.basis),
    });
    let page = ProcedurePage {
        title: frame.pick(&procedure.title, &procedure.title_en).to_owned(),
        grounds: Grounds::of(&frame, profile, &procedure.basis),
        stages: stages(&frame, &visit, procedure),
        acts: acts.collect(),
        clocks: clocks.collect(),
        diagram: diagram::markdown(procedure),
        frame,
    };
    Ok(ok(&page))
}

fn stages(frame: &Frame, visit: &Visit, procedure: &Procedure) -> Vec<StageRow> {
    let profile = &visit.profile;
    let role = |id: &String| role_title(frame.lang, profile, id);
    procedure
        .stages
        .iter()
        .map(|stage| StageRow {
            id: stage.id.clone(),
            title: frame.pick(&stage.title, &stage.title_en).to_owned(),
            is_final: stage.is_final,
            holder: stage.holder.as_ref().map(role).unwrap_or_default(),
            grounds: Grounds::of(frame, profile, &stage.basis),
            ways: procedure
                .acts
                .iter()
                .filter(|act| act.from.contains(&stage.id))
                .map(|act| {
                    let to = act.to.as_deref().and_then(|id| procedure.stage(id));
                    Way {
                        act: frame.pick(&act.title, &act.title_en).to_owned(),
                        to_id: to.map(|stage| stage.id.clone()).unwrap_or_default(),
                        to: to
                            .map(|stage| frame.pick(&stage.title, &stage.title_en).to_owned())
                            .unwrap_or_default(),
                        by: act.by.iter().map(role).collect::<Vec<_>>().join(" · "),
                    }
                })
                .collect(),
        })
        .collect()
}
