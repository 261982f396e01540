//! Who sits in front of the page: body, role, post, and the posts to switch to.

use shuyu_domain::registry::Membership;

use crate::{App, Session, Stop};

/// The signed-in person as the frame shows it. No personal data: the sign-in name is a work identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Who {
    /// Sign-in name.
    pub login: String,
    /// Name of the body.
    pub body: String,
    /// Role id.
    pub role: String,
    /// Post id.
    pub post: String,
    /// Number of the delegation paper, if acting by one.
    pub delegation: Option<String>,
    /// Posts the person may switch to, the present one included.
    pub posts: Vec<PostChoice>,
}

/// A post to switch to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostChoice {
    /// The post.
    pub membership: Membership,
    /// Name of its body.
    pub body: String,
    /// Delegation paper.
    pub delegation: Option<String>,
    /// It is the present one.
    pub present: bool,
}

/// A person of a training installation, for the sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingPerson {
    /// Sign-in name.
    pub login: String,
    /// Name of the body.
    pub body: String,
    /// Role id.
    pub role: String,
    /// Post id.
    pub post: String,
}

impl App {
    /// The signed-in person as the frame shows it.
    pub async fn who(&self, session: &Session) -> Result<Who, Stop> {
        let registry = self.registry().await?;
        let actor = &session.actor;
        let present = Membership {
            body: actor.body,
            role: actor.role.clone(),
            post: actor.post.clone(),
        };
        let posts = self.posts(session).await?;
        let posts = posts
            .into_iter()
            .map(|(membership, delegation)| PostChoice {
                body: registry.body_name(membership.body),
                present: membership == present && delegation == actor.delegation,
                membership,
                delegation,
            })
            .collect();
        Ok(Who {
            login: session.login.clone(),
            body: registry.body_name(actor.body),
            role: actor.role.clone(),
            post: actor.post.clone(),
            delegation: actor.delegation.clone(),
            posts,
        })
    }

    /// The signed-in person for whoever asked to see it: the look is noted.
    pub async fn me(&self, session: &Session) -> Result<Who, Stop> {
        let result = self.who(session).await;
        self.looked(session, "view", "me", result).await
    }

    /// Fictional people of a training installation by role and body; empty in production.
    pub async fn training_people(&self) -> Result<Vec<TrainingPerson>, Stop> {
        if !self.is_training() {
            return Ok(Vec::new());
        }
        let (registry, today) = (self.registry().await?, self.today());
        let mut people: Vec<TrainingPerson> = registry
            .people
            .values()
            .filter_map(|person| {
                let held = registry.posts_of(person.id, today);
                let first = held.iter().find(|post| registry.still_there(post.body).is_ok())?;
                Some(TrainingPerson {
                    login: person.login.clone(),
                    body: registry.body_name(first.body),
                    role: first.role.clone(),
                    post: first.post.clone(),
                })
            })
            .collect();
        let order = |role: &str| self.profile().roles.iter().position(|other| other.id == role);
        people.sort_by(|a, b| (order(&a.role), &a.body, &a.login).cmp(&(order(&b.role), &b.body, &b.login)));
        Ok(people)
    }

    /// A fresh idempotency key for a form: 16 random bytes.
    pub fn form_key(&self) -> String {
        hex::encode(self.random::<16>())
    }
}
