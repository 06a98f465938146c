//! Declares the pages of the inbox, each with the permission that it needs.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, on};

use super::access::CurrentAgent;
use super::page;
use super::render::message;
use super::state::InboxState;
use super::texts::PageTexts;
use deskbell_core::rules::permissions::Permission;

/// The pages of the inbox. Each is declared with its permission; there is no other way to add one. The permission is needed on any site: handlers
/// ask for what concerns a site with [`CurrentAgent::sites`].
#[derive(Default)]
pub struct Pages {
    router: Router<InboxState>,
    permissions: BTreeMap<(&'static str, String), Permission>,
}

impl Pages {
    /// Declares a `GET` page.
    pub fn get<H: Handler<T, InboxState>, T: 'static>(
        self,
        path: &'static str,
        permission: Permission,
        handler: H,
    ) -> Pages {
        self.with_page((MethodFilter::GET, Method::GET), path, permission, handler)
    }

    /// Declares the target of a form.
    pub fn post<H: Handler<T, InboxState>, T: 'static>(
        self,
        path: &'static str,
        permission: Permission,
        handler: H,
    ) -> Pages {
        self.with_page((MethodFilter::POST, Method::POST), path, permission, handler)
    }

    /// The router of the pages, which needs an authenticated agent.
    pub fn router(self) -> Router<InboxState> {
        self.router
    }

    /// The permission of each page, by path and method.
    #[cfg(test)]
    pub fn permissions(&self) -> &BTreeMap<(&'static str, String), Permission> {
        &self.permissions
    }

    fn with_page<H: Handler<T, InboxState>, T: 'static>(
        mut self,
        (filter, method): (MethodFilter, Method),
        path: &'static str,
        permission: Permission,
        handler: H,
    ) -> Pages {
        let page = on(filter, handler).layer(from_fn_with_state(permission, require));
        self.permissions.insert((path, method.to_string()), permission);
        Pages { router: self.router.route(path, page), permissions: self.permissions }
    }
}

/// Admits agents with a permission.
async fn require(State(permission): State<Permission>, texts: PageTexts, request: Request, next: Next) -> Response {
    let agent = request.extensions().get::<CurrentAgent>();
    if agent.is_some_and(|agent| agent.may(permission)) {
        return next.run(request).await;
    }
    message(StatusCode::FORBIDDEN, page::forbidden(texts.0))
}
