//! From the chain of authority to a permit, at the moment of use.
//!
//! Events only record that a permit was issued. Whether it holds is asked anew each time over every link:
//! plan → agreement → application → lanes → person. Revoke any link and the next query stops.

mod numbers;

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Case, Value,
    case::{LaneStatus, Permit as IssuedPermit},
    port::{CaseFilter, DatasetRow, Loaded},
};
use shuyu_kernel::{BodyId, CaseId, CivilDate, ClauseId, DatasetId, PermitId, PermitKind, Refusal};
use shuyu_privacy::permit::{ColumnGrant, Permit, TableGrant, TableKind, Thresholds, Use};
use shuyu_profile::{Eligibility, Profile, RightTo, UseOf};

use crate::{
    App, Session, Stop, budget, own, promotion,
    right::{provider_of, right_of},
    rows,
};
use numbers::{citations, query_limits};

/// A permit that held a moment ago, with what is needed to ask again inside a transaction.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Case of the permit.
    pub case: CaseId,
    /// What is loaded to ask again.
    pub needs: BTreeSet<CaseId>,
    /// Every case it rests on.
    pub links: BTreeSet<CaseId>,
    /// Open tables: dataset → catalogue entry that says so.
    pub open: BTreeMap<DatasetId, CaseId>,
    /// The compiled permit.
    pub permit: Permit,
}

impl Standing {
    /// Whether the open tables among those read are open still.
    ///
    /// # Errors
    /// `table_no_longer_open`.
    pub(crate) fn still_open(
        &self,
        profile: &Profile,
        loaded: &Loaded,
        read: &[(DatasetId, u64)],
    ) -> Result<(), Refusal> {
        let closed = |resource: &&CaseId| !is_open(profile, loaded, **resource);
        let entries = read.iter().filter_map(|(dataset, _)| self.open.get(dataset));
        let basis = profile.open_tables.iter().flat_map(|rule| rule.basis.clauses());
        match entries.into_iter().find(closed) {
            None => Ok(()),
            Some(resource) => Err(Refusal::forbidden("table_no_longer_open")
                .citing(basis)
                .fact("case", number(loaded, *resource))),
        }
    }
}

fn number(loaded: &Loaded, case: CaseId) -> String {
    let case = loaded.linked.get(&case);
    case.map(|case| case.number.clone()).unwrap_or_default()
}

impl App {
    /// The permit for a session's person, for showing it: the look is noted.
    ///
    /// # Errors
    /// Everything the chain of the permit refuses.
    pub async fn shown_permit(&self, session: &Session, permit: PermitId) -> Result<Standing, Stop> {
        let result = self.standing(session, permit).await;
        self.looked(session, "view", permit, result).await
    }

    /// The permit for a session's person, if every link of its chain holds now.
    ///
    /// # Errors
    /// `permit_unknown`, `permit_not_issued` (a lane is open; cites the lanes' clauses), `permit_ended`,
    /// `permit_expired`, `not_a_party`, `role_may_not_act`, or the eligibility rule of the profile that does not hold.
    ///
    /// Nothing is noted here: whoever asks notes what came of it, once.
    pub(crate) async fn standing(&self, session: &Session, permit: PermitId) -> Result<Standing, Stop> {
        self.require_signed_in(session)?;
        let case_id = CaseId::from_bits(permit.bits());
        let staff = self.staff_cases(session.actor.body).await?;
        let mut needs: BTreeSet<CaseId> = staff.clone();
        needs.insert(case_id);
        let loaded = self.record.load(&needs).await?;
        let case = loaded
            .linked
            .get(&case_id)
            .ok_or_else(|| Refusal::unknown("permit_unknown"))?;
        let profile = self.profiles.get(case.profile)?;
        holds(&profile, &loaded, case_id, session, self.today())?;
        let datasets = self.record.datasets(None).await?;
        let compiled = compile(&profile, case, &loaded, &datasets, session)?;
        let public = |row: &&DatasetRow| {
            let grant = compiled.tables.get(&row.table);
            grant.is_some_and(|grant| grant.dataset == row.dataset && grant.kind == TableKind::Public)
        };
        let open = datasets.iter().filter(public);
        Ok(Standing {
            case: case_id,
            needs,
            links: loaded.linked.keys().copied().collect(),
            open: open.map(|row| (row.dataset, row.resource)).collect(),
            permit: compiled,
        })
    }

    /// Cases about people of a body that eligibility rules may ask for.
    pub(crate) async fn staff_cases(&self, body: BodyId) -> Result<BTreeSet<CaseId>, Stop> {
        let profile = self.profile();
        let procedures: Vec<String> = profile
            .eligibility_for(UseOf::Workbench)
            .filter(|rule| rule.match_field.is_some())
            .map(|rule| rule.procedure.clone())
            .collect();
        if procedures.is_empty() {
            return Ok(BTreeSet::new());
        }
        let filter = CaseFilter {
            procedures,
            body: Some(body),
            limit: 1000,
            ..CaseFilter::default()
        };
        let (rows, _) = self.record.cases(&filter).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}

/// Asks every link. Pure over what was loaded, so that it runs again inside the releasing transaction.
pub(crate) fn holds(
    profile: &Profile,
    loaded: &Loaded,
    case: CaseId,
    session: &Session,
    today: CivilDate,
) -> Result<(), Refusal> {
    let case = loaded
        .linked
        .get(&case)
        .ok_or_else(|| Refusal::unknown("permit_unknown"))?;
    loaded.registry.admits(&session.actor, today)?;
    let issued = issued(profile, case, loaded)?;
    let parties = case.parties.get(&session.actor.role);
    loaded
        .registry
        .passed(parties, session.actor.body, &session.actor.role)
        .map_err(|refusal| refusal.citing(clauses(profile, case)))?;
    right_of(profile, RightTo::UsePermit, case, &session.actor)?;
    if issued.ended {
        return Err(Refusal::forbidden("permit_ended")
            .citing(clauses(profile, case))
            .fact("case", &case.number));
    }
    if today > issued.expires_on {
        return Err(Refusal::forbidden("permit_expired")
            .citing(clauses(profile, case))
            .fact("expired_on", issued.expires_on));
    }
    for rule in profile.eligibility_for(UseOf::Permit) {
        chain_link(rule, issued, loaded, &session.actor.role)?;
    }
    profile
        .eligibility_for(UseOf::Workbench)
        .try_for_each(|rule| person_link(rule, session, loaded))
}

fn clauses<'a>(profile: &'a Profile, case: &Case) -> &'a [ClauseId] {
    profile
        .procedure(&case.procedure)
        .map_or(&[], |procedure| procedure.basis.clauses())
}

fn issued<'a>(profile: &Profile, case: &'a Case, loaded: &Loaded) -> Result<&'a IssuedPermit, Refusal> {
    case.permit.as_ref().ok_or_else(|| {
        let open: Vec<String> = case
            .lanes
            .values()
            .filter(|lane| lane.status != LaneStatus::Approved)
            .map(|lane| loaded.registry.body_name(lane.body))
            .collect();
        let lanes = profile
            .procedure(&case.procedure)
            .map(|p| p.lanes.as_slice())
            .unwrap_or_default();
        // Where no lanes are run, one approval stands for them.
        let approvals = match lanes {
            [] => profile.citations.approvals.clauses().to_vec(),
            lanes => lanes
                .iter()
                .flat_map(|lane| lane.basis.clauses().to_vec())
                .collect(),
        };
        let cited: BTreeSet<ClauseId> = approvals.into_iter().collect();
        Refusal::forbidden("permit_not_issued")
            .citing(&cited)
            .fact("open", open.join("; "))
            .fact("count", open.len())
    })
}

/// A case of the chain must be in one of the stages. Of the catalogue entries only those are asked whose tables
/// the permit grants: the plan's scope is wider. Who needs the link at all, the rule says.
fn chain_link(rule: &Eligibility, issued: &IssuedPermit, loaded: &Loaded, role: &str) -> Result<(), Refusal> {
    let granted: BTreeSet<CaseId> = issued.tables.iter().map(|table| table.resource).collect();
    let of_rule = |id: &CaseId| {
        let case = loaded.linked.get(id)?;
        (case.procedure == rule.procedure).then_some(case)
    };
    let about_tables = granted.iter().any(|id| of_rule(id).is_some());
    let mut asked = issued
        .chain
        .iter()
        .filter(|id| !about_tables || granted.contains(*id))
        .filter_map(of_rule)
        .peekable();
    let refusal = |case: Option<&Case>| {
        Refusal::forbidden(&rule.code)
            .citing(rule.basis.clauses())
            .fact("case", case.map(|case| case.number.clone()).unwrap_or_default())
    };
    if asked.peek().is_none() {
        let needed = rule.needed_by.is_empty() || rule.needed_by.iter().any(|needing| needing == role);
        return if needed { Err(refusal(None)) } else { Ok(()) };
    }
    asked.try_for_each(|case| {
        if rule.stages.contains(&case.stage) {
            Ok(())
        } else {
            Err(refusal(Some(case)))
        }
    })
}

/// A case about this person must be in one of the stages.
fn person_link(rule: &Eligibility, session: &Session, loaded: &Loaded) -> Result<(), Refusal> {
    let Some(field) = &rule.match_field else {
        return Ok(());
    };
    let cleared = loaded.linked.values().any(|case| {
        case.procedure == rule.procedure
            && rule.stages.contains(&case.stage)
            && case.has_party(session.actor.body)
            && case.fields.get(field) == Some(&Value::Person(session.actor.person))
    });
    if cleared {
        Ok(())
    } else {
        Err(Refusal::forbidden(&rule.code).citing(rule.basis.clauses()))
    }
}

fn compile(
    profile: &Profile,
    case: &Case,
    loaded: &Loaded,
    datasets: &[DatasetRow],
    session: &Session,
) -> Result<Permit, Refusal> {
    let issued = issued(profile, case, loaded)?;
    let right = right_of(profile, RightTo::UsePermit, case, &session.actor)?;
    let mut tables: BTreeMap<String, TableGrant> = BTreeMap::new();
    let basis = clauses(profile, case).to_vec();
    for granted in &issued.tables {
        let Some(row) = datasets
            .iter()
            .find(|row| row.table == granted.table && row.resource == granted.resource)
        else {
            continue;
        };
        promotion::check(profile, loaded, row)?;
        rows::check(row, granted.rows.as_ref()).map_err(|refusal| refusal.citing(&basis))?;
        let columns = granted
            .columns
            .iter()
            .map(|(column, uses)| (column.clone(), column_grant(row, column, uses, &basis)))
            .collect();
        let kind = match &row.domain {
            Some(domain) => TableKind::Personal {
                domain: domain.clone(),
                rows_per_unit: row.rows_per_unit,
            },
            None if is_open(profile, loaded, granted.resource) => TableKind::Public,
            None => TableKind::NonPersonal,
        };
        tables.insert(
            granted.table.clone(),
            TableGrant {
                dataset: row.dataset,
                version: row.version,
                kind,
                provider: provider_of(profile, loaded, granted.resource),
                columns,
                struck: granted.struck.clone(),
                rows: granted.rows.clone(),
            },
        );
    }
    let fusion = own::asked_for(case);
    if fusion {
        own::add_lists(case, session.actor.body, &mut tables);
    }
    add_open_tables(profile, loaded, datasets, &mut tables);
    let thresholds = &profile.thresholds;
    let mut gate = Thresholds::default();
    gate.k.value = thresholds.k;
    gate.k_jitter.value = thresholds.k_jitter;
    gate.two_share_max.value = thresholds.dominance_percent * 10;
    gate.dp = budget::terms(profile, &tables, datasets);
    Ok(Permit {
        id: issued.id,
        kind: right.kind.unwrap_or(PermitKind::A),
        mode: budget::mode(profile, case, &issued.tables, loaded),
        people: vec![session.actor.person],
        purpose: case.fields.get("purpose").map(Value::text).unwrap_or_default(),
        expires_on: issued.expires_on,
        thresholds: gate,
        tables,
        max_rows: u64::from(thresholds.max_rows),
        max_bytes: 16 * 1024 * 1024,
        limits: query_limits(thresholds),
        join_risk_assessed: join_risk_assessed(case),
        fusion,
        citations: citations(profile),
    })
}

/// What is granted of a column. A column that names the subject is marked, so that the engine puts the hidden
/// unit in its place; an identifier granted for linking is for linking and counting only, never to be read.
fn column_grant(row: &DatasetRow, column: &str, uses: &BTreeSet<Use>, basis: &[ClauseId]) -> ColumnGrant {
    let unit = row.domain.is_some() && row.unit_columns.iter().any(|name| name == column);
    let hidden = uses.contains(&Use::Link);
    let kept = |granted: &&Use| !hidden || matches!(granted, Use::Link | Use::Measure | Use::Python);
    ColumnGrant {
        uses: uses.iter().filter(kept).copied().collect(),
        unit,
        domain: unit.then(|| row.domain.clone()).flatten(),
        basis: basis.to_vec(),
        ..ColumnGrant::default()
    }
}

/// The applicant's report alone assesses nothing: a reviewer has to have said so in the case.
fn join_risk_assessed(case: &Case) -> bool {
    let report = matches!(case.fields.get("join_risk_report"), Some(Value::File(_)));
    let verdict = case.fields.get("join_risk").map(Value::text);
    report && verdict.as_deref() == Some("assessed")
}

/// Whether the profile says that the tables of a catalogue entry are open now.
fn is_open(profile: &Profile, loaded: &Loaded, resource: CaseId) -> bool {
    let (Some(rule), Some(case)) = (&profile.open_tables, loaded.linked.get(&resource)) else {
        return false;
    };
    let value = case.fields.get(&rule.field).map(Value::text);
    case.procedure == rule.procedure
        && rule.stages.contains(&case.stage)
        && value.is_some_and(|value| rule.values.contains(&value))
}

/// Open data needs no application: every permit may use it as public tables.
fn add_open_tables(
    profile: &Profile,
    loaded: &Loaded,
    datasets: &[DatasetRow],
    tables: &mut BTreeMap<String, TableGrant>,
) {
    for row in datasets
        .iter()
        .filter(|row| row.domain.is_none() && is_open(profile, loaded, row.resource))
        .filter(|row| promotion::check(profile, loaded, row).is_ok())
    {
        tables.entry(row.table.clone()).or_insert_with(|| TableGrant {
            dataset: row.dataset,
            version: row.version,
            kind: TableKind::Public,
            provider: None,
            columns: BTreeMap::new(),
            struck: Vec::new(),
            rows: None,
        });
    }
}
