//! From files to a checked profile, or to the list of everything that is wrong.

mod clauses;
mod convert;
mod duties;
mod fields;
mod gates;
mod guard;
mod overlay;
mod procedures;
mod settings;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use shuyu_kernel::{ClauseId, Digest, Zone, calendar::WorkCalendar};

use crate::{
    affiliates::AffiliationShares,
    check,
    place::Place,
    procedure::Procedure,
    promotion::Promotion,
    raw::{RawInstruments, RawProfile, RawRoles},
    retention::RetentionTerms,
    right::Right,
    settings::{
        Citations, Clause, Eligibility, FigureRule, Instrument, InstrumentStatus, OpenTables, Post,
        Responsibility, Role, Separation, Setting, SuccessionRule, Superior, Thresholds, UseOf,
    },
    source::ProfileSource,
    watching::WatchTerms,
};

/// A jurisdiction's rules, resolved and checked. Immutable; cases are pinned to [`Profile::digest`].
#[derive(Debug, Clone)]
pub struct Profile {
    /// Stable id, for example the name of the folder.
    pub id: String,
    /// Chinese name.
    pub title: String,
    /// English name.
    pub title_en: String,
    /// Zone in which civil dates are counted.
    pub zone: Zone,
    /// Documents.
    pub instruments: Vec<Instrument>,
    /// Requirement rows by id.
    pub clauses: BTreeMap<ClauseId, Clause>,
    /// Posts inside a body.
    pub posts: Vec<Post>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Separations of duties.
    pub separations: Vec<Separation>,
    /// Roles that pass at a merger.
    pub successions: Vec<SuccessionRule>,
    /// Superior bodies by role.
    pub superiors: Vec<Superior>,
    /// What parties are responsible for, in order of the text.
    pub responsibilities: Vec<Responsibility>,
    /// Days for reminders, urges and escalations.
    pub watch: WatchTerms,
    /// How long versions of datasets and their raw files are kept.
    pub retention: RetentionTerms,
    /// What must hold before a version leaves the governed zone.
    pub promotion: Promotion,
    /// Eligibility rules.
    pub eligibility: Vec<Eligibility>,
    /// What parties of cases may do outside acts.
    pub rights: Vec<Right>,
    /// Tables that every permit may use, if the profile has such.
    pub open_tables: Option<OpenTables>,
    /// Thresholds of the disclosure gate.
    pub thresholds: Thresholds,
    /// What the refusals of the data plane rest on.
    pub citations: Citations,
    /// Figures of a disclosure.
    pub figures: Vec<FigureRule>,
    /// Points on which jurisdictions differ, in order of id.
    pub settings: Vec<Setting>,
    /// Procedures in order of file name.
    pub procedures: Vec<Procedure>,
    /// Working days.
    pub calendar: WorkCalendar,
    /// Name of these rules: digest over all files of base and profile.
    pub digest: Digest,
}

/// One thing that is wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileError {
    /// File, with the profile folder in front.
    pub file: String,
    /// Line from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// What is wrong, in English, for people who write profiles.
    pub message: String,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}
impl std::error::Error for ProfileError {}

/// Posts, roles, separations, superiors, successions, responsibilities.
type RolesRead = (
    Vec<Post>,
    Vec<Role>,
    Vec<Separation>,
    Vec<Superior>,
    Vec<SuccessionRule>,
    Vec<Responsibility>,
);

impl Profile {
    /// Reads a profile on top of its base. All errors found are returned, sorted by file and line.
    pub fn load(base: &ProfileSource, own: &ProfileSource) -> Result<Self, Vec<ProfileError>> {
        let mut reader = Reader {
            base,
            own,
            errors: Vec::new(),
        };
        let profile = reader.profile();
        let mut errors = reader.errors;
        if let Some(profile) = profile {
            if errors.is_empty() {
                errors = check::references(&profile);
            }
            if errors.is_empty() {
                return Ok(profile);
            }
        }
        errors.sort();
        errors.dedup();
        Err(errors)
    }

    /// The procedure with this id.
    pub fn procedure(&self, id: &str) -> Option<&Procedure> {
        self.procedures.iter().find(|procedure| procedure.id == id)
    }
    /// The role with this id.
    pub fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }
    /// The rule by which a role passes to the successor at a merger, if one does.
    pub fn succeeds(&self, role: &str) -> Option<&SuccessionRule> {
        self.successions
            .iter()
            .find(|rule| rule.roles.iter().any(|one| one == role))
    }
    /// From which share on a holding counts.
    pub fn affiliation_shares(&self) -> AffiliationShares {
        AffiliationShares::of(&self.settings)
    }

    /// The superior of a role, if the rules name one.
    pub fn superior_of(&self, role: &str) -> Option<&Superior> {
        self.superiors.iter().find(|rule| rule.of == role)
    }
    /// Working days before its last day on which the first reminder of any clock falls.
    pub fn longest_lead(&self) -> u32 {
        let clocks = self.procedures.iter().flat_map(|procedure| &procedure.clocks);
        let of_rules = clocks.filter_map(|clock| clock.remind.as_ref()).flatten();
        of_rules.chain(&self.watch.remind).copied().max().unwrap_or(0)
    }
    /// The instrument of a clause.
    pub fn instrument_of(&self, clause: &ClauseId) -> Option<&Instrument> {
        self.instruments
            .iter()
            .find(|instrument| instrument.id == clause.instrument())
    }
    /// Eligibility rules for a use.
    pub fn eligibility_for(&self, use_of: UseOf) -> impl Iterator<Item = &Eligibility> {
        self.eligibility.iter().filter(move |rule| rule.use_of == use_of)
    }
    /// Whether any switched-on instrument is only a draft (预演).
    pub fn is_preview(&self) -> bool {
        self.instruments
            .iter()
            .any(|instrument| instrument.preview && instrument.status == InstrumentStatus::Draft)
    }
}

struct Reader<'a> {
    base: &'a ProfileSource,
    own: &'a ProfileSource,
    errors: Vec<ProfileError>,
}

impl Reader<'_> {
    fn profile(&mut self) -> Option<Profile> {
        let head: RawProfile = self.required("profile.toml")?;
        if let Some(base) = head.base.as_deref().filter(|base| *base != self.base.name) {
            self.error("profile.toml", 0, format!("base profile `{base}` was not given"));
        }
        let calendar = self.calendar()?;
        let instruments = self.instruments();
        let clauses = self.clauses();
        let (posts, roles, separations, superiors, successions, responsibilities) = self.roles();
        let (eligibility, rights, open_tables) = self.gates();
        let (thresholds, citations, figures) = self.disclosure()?;
        let (raw_settings, settings) = self.settings();
        let watch = self.watch(&settings);
        let retention = self.retention(&settings);
        let (promotion, wrong) = Promotion::of(&settings);
        self.wrong(wrong);
        let procedures = self.procedures(&raw_settings, &clauses);
        Some(Profile {
            id: head.id,
            title: head.title,
            title_en: head.title_en,
            zone: Zone {
                offset_minutes: head.offset_minutes,
            },
            instruments,
            clauses,
            posts,
            roles,
            separations,
            superiors,
            watch,
            retention,
            promotion,
            successions,
            responsibilities,
            eligibility,
            rights,
            open_tables,
            thresholds,
            citations,
            figures,
            settings,
            procedures,
            calendar,
            digest: Digest::of(&[self.base.digest().0, self.own.digest().0].concat()),
        })
    }

    /// Own file if there is one, else the base's: overriding is whole files here, whole rules by id below.
    fn find(&self, path: &str) -> Option<(String, String)> {
        [self.own, self.base].into_iter().find_map(|source| {
            source
                .file(path)
                .map(|text| (format!("{}/{path}", source.name), text.to_owned()))
        })
    }

    fn required<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        match self.find(path) {
            Some((name, text)) => self.parse(&name, &text),
            None => {
                self.error(path, 0, "file is missing".to_owned());
                None
            }
        }
    }

    fn parse<T: DeserializeOwned>(&mut self, file: &str, text: &str) -> Option<T> {
        match toml::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let line = error.span().map_or(0, |span| line_of(text, span.start));
                self.errors.push(ProfileError {
                    file: file.to_owned(),
                    line,
                    message: error.message().to_owned(),
                });
                None
            }
        }
    }

    fn error(&mut self, path: &str, line: usize, message: String) {
        self.errors.push(ProfileError {
            file: format!("{}/{path}", self.own.name),
            line,
            message,
        });
    }

    fn calendar(&mut self) -> Option<WorkCalendar> {
        let files: Vec<(&str, &str)> = self
            .base
            .under("calendar")
            .filter(|(path, _)| path.ends_with(".toml"))
            .collect();
        match WorkCalendar::from_toml(&files) {
            Ok(calendar) => Some(calendar),
            Err(error) => {
                self.errors.push(ProfileError {
                    file: format!("{}/calendar", self.base.name),
                    line: 0,
                    message: error.to_string(),
                });
                None
            }
        }
    }

    fn instruments(&mut self) -> Vec<Instrument> {
        // The jurisdiction's own texts stand first.
        let both = [self.own, self.base].map(|source| {
            (
                source.name.clone(),
                source.file("instruments.toml").map(str::to_owned),
            )
        });
        let mut all = Vec::new();
        for (name, text) in both {
            if let Some(text) = text
                && let Some(raw) = self.parse::<RawInstruments>(&format!("{name}/instruments.toml"), &text)
            {
                all.extend(raw.instrument);
            }
        }
        all
    }

    fn watch(&mut self, settings: &[Setting]) -> WatchTerms {
        let (terms, wrong) = WatchTerms::of(settings);
        self.wrong(wrong);
        terms
    }

    fn retention(&mut self, settings: &[Setting]) -> RetentionTerms {
        let (terms, wrong) = RetentionTerms::of(settings);
        self.wrong(wrong);
        terms
    }

    fn wrong(&mut self, wrong: Vec<(Place, String)>) {
        self.errors
            .extend(wrong.into_iter().map(|(at, message)| ProfileError {
                file: at.file.to_string(),
                line: at.line,
                message,
            }));
    }

    fn roles(&mut self) -> RolesRead {
        let Some((file, text)) = self.find("roles.toml") else {
            self.error("roles.toml", 0, "file is missing".to_owned());
            return Default::default();
        };
        let Some(raw) = self.parse::<RawRoles>(&file, &text) else {
            return Default::default();
        };
        let mut at = convert::Site::single(&file, &text, &mut self.errors);
        let roles = raw.role.iter().map(|role| at.role(role)).collect();
        let separations = raw
            .separation
            .iter()
            .map(|separation| at.separation(separation))
            .collect();
        let superiors = raw.superior.iter().flat_map(|rule| at.superiors(rule)).collect();
        let successions = raw
            .succession
            .iter()
            .filter_map(|succession| at.succession(succession))
            .collect();
        let responsibilities = raw
            .responsibility
            .iter()
            .map(|rule| at.responsibility(rule))
            .collect();
        (
            raw.post,
            roles,
            separations,
            superiors,
            successions,
            responsibilities,
        )
    }
}

/// Line number, from 1, of a byte offset.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}
