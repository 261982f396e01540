//! Second step: the run itself, watched from outside.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read, Write as _},
    os::unix::fs::MetadataExt as _,
    process::{Child, Stdio},
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use shuyu_kernel::{Fault, Refusal};

use crate::{
    Sandbox, SandboxError,
    cgroup::Cgroup,
    channel::{Heard, listen},
    command::{command, config},
    error::{at, missing},
    filter,
    outcome::{Beat, End, Outcome, Phase, RefusedOutput},
    prepare::{Prepared, drop_folder, read_json, write_json},
    spec::Limits,
};

/// How often the supervisor looks up: the clock of deadlines, slots and cancellation.
const TICK: Duration = Duration::from_millis(25);

/// The folder of a run that ended: raw files, log, outcome. It appears whole or not at all.
pub(crate) const ENDED: &str = "ended";

impl Sandbox {
    /// Runs a prepared folder and waits for it; to be called on a thread that may block. A run that has ended is not
    /// run again: the outcome on disk is returned. `cancel` is asked forty times a second; once it says yes, every
    /// process of the run is gone before this returns, and nothing of the run is kept.
    ///
    /// # Errors
    /// `sandbox_missing`, `job_cancelled`; a fault of the disk or of starting. A job that fails is no error.
    pub fn execute(
        &self,
        run: &Prepared,
        cancel: &dyn Fn() -> bool,
        on_beat: &dyn Fn(Beat),
    ) -> Result<Outcome, SandboxError> {
        let ended = run.folder.join(ENDED);
        if ended.join("outcome.json").is_file() {
            return Ok(read_json(&ended.join("outcome.json"))?);
        }
        let limits = run.spec.limits;
        let cgroup = Cgroup::make(&run.run, &limits);
        let held_by = held_by(&cgroup)?;
        let mut watch = Watch::new(limits);
        let log = Log::new(limits.log_bytes);
        let caller = Caller { cancel, on_beat };
        let cancelled = self.supervise(run, &cgroup, &log, &mut watch, &caller)?;
        if !cgroup.empty() {
            return Err(Fault::new("ending a run", "processes of it are still there").into());
        }
        if cancelled {
            return Err(Refusal::conflict("job_cancelled").into());
        }
        let (log, log_cut) = log.taken();
        let outcome = watch.outcome(held_by, log_cut);
        let part = run.folder.join("ended.part");
        drop_folder(&part)?;
        fs::create_dir_all(part.join("raw")).map_err(at("making", &part))?;
        for (name, bytes) in &watch.files {
            let path = part.join("raw").join(name);
            fs::write(&path, bytes).map_err(at("writing", &path))?;
        }
        fs::write(part.join("log"), log).map_err(at("writing", &part))?;
        write_json(&part.join("outcome.json"), &outcome)?;
        fs::rename(&part, &ended).map_err(at("naming", &ended))?;
        Ok(outcome)
    }

    /// What the job wrote to standard output and error, as far as it is kept. For the reviewer only.
    ///
    /// # Errors
    /// A fault if the run has not ended.
    pub fn log(&self, run: &Prepared) -> Result<Vec<u8>, Fault> {
        let path = run.folder.join(ENDED).join("log");
        fs::read(&path).map_err(at("reading", &path))
    }

    /// Starts, listens, ends; says whether the run was cancelled.
    fn supervise(
        &self,
        run: &Prepared,
        cgroup: &Cgroup,
        log: &Log,
        watch: &mut Watch,
        caller: &Caller<'_>,
    ) -> Result<bool, SandboxError> {
        let broken = |error: io::Error| Fault::new("making the pipes of a run", error);
        let (filter_out, mut filter_in) = io::pipe().map_err(broken)?;
        filter_in.write_all(&filter::program()?).map_err(broken)?;
        drop(filter_in);
        let names: Vec<&String> = run.spec.declared.keys().collect();
        let told = config(&watch.limits, &names);
        let mut order = command(self, &run.folder, &watch.limits, cgroup, &told);
        order
            .stdin(filter_out)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Bubblewrap dies with the thread that started it; this thread stays until it is gone.
        let child = order
            .spawn()
            .map_err(|error| Fault::new("starting bubblewrap", error))?;
        let mut child = Reaped(child);
        let (Some(frames), Some(printed)) = (child.0.stdout.take(), child.0.stderr.take()) else {
            return Err(Fault::new("starting bubblewrap", "its pipes are not there").into());
        };
        let (tell, heard) = mpsc::channel();
        let (stop_clock, stopped) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let tick = tell.clone();
            scope.spawn(move || {
                while stopped.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                    if tick.send(Heard::Tick).is_err() {
                        return;
                    }
                }
            });
            let (declared, limit) = (&run.spec.declared, watch.limits.output_bytes);
            scope.spawn(move || listen(frames, declared, limit, &tell));
            scope.spawn(move || log.drain(printed));
            let cancelled = watch.until_closed(&heard, caller);
            child.end();
            if !cancelled {
                watch.until_slot(&heard);
            }
            drop(stop_clock);
            Ok(cancelled)
        })
    }
}

/// What holds each limit; refused where nothing holds one.
pub(crate) fn held_by(cgroup: &Cgroup) -> Result<BTreeMap<String, String>, Refusal> {
    // The kernel does not hold the limit on processes against its own superuser, whatever a job is called inside.
    let processes = match cgroup.processes {
        Some(held) => held,
        None if !superuser() => "rlimit",
        None => return Err(missing("cgroup")),
    };
    let held = [
        (
            "memory",
            cgroup.memory.map_or("rlimit per process".to_owned(), |held| {
                format!("{held}, rlimit per process")
            }),
        ),
        ("processes", processes.to_owned()),
        ("cpu", "rlimit per process".to_owned()),
        ("wall", "supervisor".to_owned()),
        ("disk", "tmpfs size".to_owned()),
        ("output", "rlimit, supervisor".to_owned()),
        ("network", "namespace, seccomp".to_owned()),
        ("files", "mount namespace".to_owned()),
        ("calls", "seccomp".to_owned()),
    ];
    Ok(held.map(|(limit, by)| (limit.to_owned(), by)).into())
}

/// Whether this process is the superuser's.
fn superuser() -> bool {
    fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}

/// What the caller may say and hear meanwhile.
struct Caller<'a> {
    cancel: &'a dyn Fn() -> bool,
    on_beat: &'a dyn Fn(Beat),
}

/// A child that is killed and waited for, whatever happens.
struct Reaped(Child);

impl Reaped {
    /// The sandbox has its own process namespace: its first process dies with this one, and all others with it.
    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        self.end();
    }
}

/// The first bytes of what a job prints.
struct Log {
    kept: Mutex<(Vec<u8>, bool)>,
    limit: usize,
}

impl Log {
    fn new(limit: u64) -> Self {
        Self {
            kept: Mutex::default(),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        }
    }

    fn drain(&self, mut pipe: impl Read) {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let room = self.limit.saturating_sub(kept.0.len());
            kept.1 |= length > room;
            kept.0.extend(buffer.iter().take(length.min(room)));
        }
    }

    fn taken(self) -> (Vec<u8>, bool) {
        self.kept.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the supervisor knows of a run.
struct Watch {
    limits: Limits,
    ticks: u64,
    phase: Phase,
    end: Option<End>,
    whole: bool,
    line: Option<u32>,
    files: BTreeMap<String, Vec<u8>>,
    refused: Vec<RefusedOutput>,
}

impl Watch {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            ticks: 0,
            phase: Phase::Starting,
            end: None,
            whole: false,
            line: None,
            files: BTreeMap::new(),
            refused: Vec::new(),
        }
    }

    fn slot_ticks(&self) -> u64 {
        ticks(self.limits.slot).max(1)
    }

    fn beat(&self, on_beat: &dyn Fn(Beat)) {
        on_beat(Beat {
            phase: self.phase,
            slots: self.ticks / self.slot_ticks(),
        });
    }

    /// Listens until the pipe of frames closes or the time is over; says whether the run was cancelled.
    fn until_closed(&mut self, heard: &mpsc::Receiver<Heard>, caller: &Caller<'_>) -> bool {
        self.beat(caller.on_beat);
        while let Ok(heard) = heard.recv() {
            match heard {
                Heard::Tick => {
                    self.ticks += 1;
                    if (caller.cancel)() {
                        return true;
                    }
                    if self.ticks >= ticks(self.limits.wall) {
                        self.end = Some(End::OutOfTime);
                        return false;
                    }
                    if self.ticks.is_multiple_of(self.slot_ticks()) {
                        self.beat(caller.on_beat);
                    }
                }
                Heard::Running => self.enter(Phase::Running, caller.on_beat),
                Heard::Ended { well, killed, line } => {
                    self.line = line;
                    self.end = Some(match (well, killed) {
                        (true, _) => End::Done,
                        (false, true) => End::Killed,
                        (false, false) => End::Raised,
                    });
                    self.enter(Phase::Collecting, caller.on_beat);
                }
                Heard::File(name, bytes) => {
                    self.files.insert(name, bytes);
                }
                Heard::Refused(refused) => self.refused.push(refused),
                Heard::Whole => {
                    self.whole = true;
                    return false;
                }
                Heard::Closed => return false,
            }
        }
        false
    }

    fn enter(&mut self, phase: Phase, on_beat: &dyn Fn(Beat)) {
        if self.phase != phase {
            self.phase = phase;
            self.beat(on_beat);
        }
    }

    /// Waits for the end of the slot, so that when a run ends says no more than how many slots it took.
    fn until_slot(&mut self, heard: &mpsc::Receiver<Heard>) {
        while self.ticks == 0 || !self.ticks.is_multiple_of(self.slot_ticks()) {
            match heard.recv() {
                Ok(Heard::Tick) => self.ticks += 1,
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Files of a run that did not end well are dropped: half of an answer is none.
    fn outcome(&mut self, held_by: BTreeMap<String, String>, log_cut: bool) -> Outcome {
        let end = match self.end {
            Some(End::Done) if !self.whole => End::Broken,
            Some(end) => end,
            // The first process inside was ended from outside: memory was over.
            None => End::Killed,
        };
        if end != End::Done {
            self.files.clear();
            self.refused.clear();
        }
        self.refused.sort();
        self.refused.dedup();
        let length = |bytes: &Vec<u8>| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Outcome {
            end,
            line: self.line,
            slots: self.ticks.div_ceil(self.slot_ticks()),
            held_by,
            files: self
                .files
                .iter()
                .map(|(name, bytes)| (name.clone(), length(bytes)))
                .collect(),
            refused: self.refused.clone(),
            log_cut,
        }
    }
}

fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX)
}
