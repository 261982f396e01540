//! The clock stands still until it is set.

use shuyu_kernel::{CivilDate, Clock, Timestamp, Zone};
use shuyu_testkit::MockClock;

#[test]
fn it_moves_only_when_told() {
    let day = CivilDate::new(2026, 2, 10).unwrap();
    let clock = MockClock::on(day);
    assert_eq!((clock.now(), Zone::CHINA.date(clock.now())), (clock.now(), day));
    assert_eq!(Zone::CHINA.time_of_day(clock.now()), (9, 0));
    let later = clock.advance_seconds(90);
    assert_eq!(
        (later, clock.now()),
        (MockClock::on(day).now().plus_seconds(90), later)
    );
    clock.set_day(day.plus_days(1), 17);
    assert_eq!(Zone::CHINA.time_of_day(clock.now()), (17, 0));
    clock.set(Timestamp::from_micros(0));
    assert_eq!(clock.now(), Timestamp::from_micros(0));
    assert_eq!(clock.advance_seconds(i64::MAX).micros(), i64::MAX);
}
