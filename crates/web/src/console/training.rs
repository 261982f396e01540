//! Winding the clock of a training installation forward.

use axum::{extract::Request, response::Redirect};
use shuyu_kernel::{CivilDate, Refusal};

use super::posted::Posted;
use crate::{
    page::{ConsoleError, Visit},
    session::way_back,
};

/// `POST /clock`
pub(crate) async fn wind(visit: Visit, request: Request) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let to: CivilDate = posted
        .one("to")
        .parse()
        .map_err(|_| Refusal::unmet("date_malformed"))?;
    visit.app().wind_clock(&visit.session, to).await?;
    Ok(Redirect::to(way_back(posted.one("back"))))
}
