//! What each event does to a case.

use shuyu_kernel::PersonId;

use super::{
    Case, Clock, CompiledIndex, Delivery, IssuedKey, LaneState, LaneStatus, Objection, Pause, Permit, Taken,
    Watch,
};
use crate::event::{ActMeta, CaseEvent, IdentityEvent};

impl Case {
    /// Does to the case what an event says.
    pub(super) fn apply(&mut self, event: &CaseEvent) {
        match event {
            CaseEvent::Opened { .. } => {}
            CaseEvent::Entered { .. }
            | CaseEvent::Advanced { .. }
            | CaseEvent::Dropped { .. }
            | CaseEvent::Taken { .. } => self.apply_act(event),
            CaseEvent::ClockStarted(_)
            | CaseEvent::ClockPaused { .. }
            | CaseEvent::ClockChanged { .. }
            | CaseEvent::ClockStopped { .. } => self.apply_clock(event),
            CaseEvent::LaneOpened { .. }
            | CaseEvent::LaneReturned { .. }
            | CaseEvent::LaneReopened { .. }
            | CaseEvent::LaneDecided { .. } => self.apply_lane(event),
            CaseEvent::Watched(event) => self.apply_watch(event),
            CaseEvent::ObjectionRaised { number } => self.objections.push(Objection {
                number: *number,
                upheld: None,
            }),
            CaseEvent::ObjectionAnswered { number, upheld } => {
                if let Some(objection) = self.objections.iter_mut().find(|o| o.number == *number) {
                    objection.upheld = Some(*upheld);
                }
            }
            CaseEvent::PermitIssued { .. }
            | CaseEvent::PermitEnded { .. }
            | CaseEvent::ProductDelivered { .. } => self.apply_right(event),
            CaseEvent::Moved { to, on, .. } => {
                self.profile = *to;
                self.moved_on = Some(*on);
            }
            CaseEvent::AccessClosed { on } => self.access_closed_on = Some(*on),
            CaseEvent::Identity(event) => self.apply_identity(event),
            CaseEvent::Own(event) => self.apply_own(event),
            CaseEvent::KeyIssued {
                key,
                delivery,
                by,
                on,
                ..
            } => self.keys.push(IssuedKey {
                key: key.clone(),
                delivery: *delivery,
                customer: by.body,
                issued_on: *on,
                revoked_on: None,
            }),
            CaseEvent::KeyRevoked { key, on, .. } => {
                if let Some(issued) = self.keys.iter_mut().find(|issued| issued.key == *key) {
                    issued.revoked_on = Some(*on);
                }
            }
        }
    }

    /// An act waits for a further step, goes on, is dropped, or has taken effect.
    fn apply_act(&mut self, event: &CaseEvent) {
        match event {
            CaseEvent::Entered { pending, .. } => {
                self.pending_count = self.pending_count.max(pending.number);
                self.pending.push(pending.clone());
            }
            CaseEvent::Advanced { number, step } => {
                if let Some(waiting) = self.pending.iter_mut().find(|waiting| waiting.number == *number) {
                    waiting.steps.push(step.clone());
                    if !waiting.next.is_empty() {
                        waiting.next.remove(0);
                    }
                }
            }
            CaseEvent::Dropped { number, .. } => self.pending.retain(|waiting| waiting.number != *number),
            CaseEvent::Taken {
                meta,
                finishes,
                lane,
                set,
                parties,
                to,
                holder,
                closed,
            } => {
                self.acts.push(taken(meta, lane.clone()));
                self.pending.retain(|waiting| Some(waiting.number) != *finishes);
                self.fields.extend(set.clone());
                for (role, body) in parties {
                    self.parties.entry(role.clone()).or_default().insert(*body);
                }
                if let Some(to) = to {
                    self.stage.clone_from(to);
                }
                self.holder.clone_from(holder);
                self.closed = *closed;
            }
            _ => {}
        }
    }

    /// What may be used from then on, or no longer.
    fn apply_right(&mut self, event: &CaseEvent) {
        match event {
            CaseEvent::PermitIssued {
                permit,
                chain,
                tables,
                expires_on,
            } => {
                self.permit = Some(Permit {
                    id: *permit,
                    chain: chain.clone(),
                    tables: tables.clone(),
                    expires_on: *expires_on,
                    ended: false,
                });
            }
            CaseEvent::PermitEnded { .. } => {
                if let Some(permit) = &mut self.permit {
                    permit.ended = true;
                }
            }
            CaseEvent::ProductDelivered {
                number,
                agreement,
                customer,
            } => {
                self.deliveries.push(Delivery {
                    number: *number,
                    agreement: *agreement,
                    customer: *customer,
                });
            }
            _ => {}
        }
    }

    fn apply_clock(&mut self, event: &CaseEvent) {
        match event {
            CaseEvent::ClockStarted(run) => {
                self.clocks.push(Clock {
                    run: run.clone(),
                    stopped_on: None,
                    in_time: None,
                    paused_on: None,
                    pauses: Vec::new(),
                    watch: Watch::default(),
                });
            }
            CaseEvent::ClockPaused { clock, lane, on } => {
                if let Some(running) = self.running_mut(clock, lane.as_deref()) {
                    running.paused_on = Some(*on);
                }
            }
            CaseEvent::ClockChanged {
                clock,
                lane,
                on,
                limit,
                due,
                provisional,
                calendar,
                derivation,
            } => {
                if let Some(running) = self.running_mut(clock, lane.as_deref()) {
                    if let (None, Some(from)) = (limit, running.paused_on.take()) {
                        running.pauses.push(Pause { from, to: *on });
                    }
                    running.run.limit = limit.unwrap_or(running.run.limit);
                    running.run.due = *due;
                    running.run.provisional = *provisional;
                    running.run.calendar = *calendar;
                    running.run.derivation.clone_from(derivation);
                }
            }
            CaseEvent::ClockStopped {
                clock,
                lane,
                on,
                in_time,
            } => {
                if let Some(running) = self.running_mut(clock, lane.as_deref()) {
                    running.stopped_on = Some(*on);
                    running.in_time = Some(*in_time);
                }
            }
            _ => {}
        }
    }

    /// Consents are many and are asked for by their token; the case keeps the index alone.
    fn apply_identity(&mut self, event: &IdentityEvent) {
        if let IdentityEvent::IndexCompiled {
            index,
            dataset,
            version,
            columns,
            domain,
            pairs,
            on,
            ..
        } = event
        {
            self.index = Some(CompiledIndex {
                index: *index,
                dataset: *dataset,
                version: *version,
                columns: columns.clone(),
                domain: domain.clone(),
                pairs: *pairs,
                compiled_on: *on,
            });
        }
    }

    fn apply_lane(&mut self, event: &CaseEvent) {
        match event {
            CaseEvent::LaneOpened {
                lane,
                rule,
                role,
                body,
            } => {
                let state = LaneState {
                    rule: rule.clone(),
                    role: role.clone(),
                    body: *body,
                    status: LaneStatus::Open,
                    struck: Vec::new(),
                };
                self.lanes.insert(lane.clone(), state);
            }
            CaseEvent::LaneReturned { lane } => self.set_lane(lane, LaneStatus::Returned, &[]),
            CaseEvent::LaneReopened { lane } => self.set_lane(lane, LaneStatus::Open, &[]),
            CaseEvent::LaneDecided {
                lane,
                approved,
                struck,
            } => {
                let status = if *approved {
                    LaneStatus::Approved
                } else {
                    LaneStatus::Refused
                };
                self.set_lane(lane, status, struck);
            }
            _ => {}
        }
    }

    fn set_lane(&mut self, key: &str, status: LaneStatus, struck: &[String]) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.status = status;
            lane.struck.extend(struck.iter().cloned());
        }
    }

    fn running_mut(&mut self, clock: &str, lane: Option<&str>) -> Option<&mut Clock> {
        self.clocks
            .iter_mut()
            .rev()
            .find(|c| c.stopped_on.is_none() && c.run.clock == clock && c.run.lane.as_deref() == lane)
    }
}

pub(super) fn taken(meta: &ActMeta, lane: Option<String>) -> Taken {
    let mut people: Vec<PersonId> = meta.steps.iter().map(|step| step.person).collect();
    people.push(meta.actor.person);
    Taken {
        act: meta.act.clone(),
        lane,
        people,
        body: meta.actor.body,
        role: meta.actor.role.clone(),
        manner: meta.manner,
        happened_on: meta.happened_on,
        recorded_on: meta.recorded_on,
    }
}
