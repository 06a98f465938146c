//! Declaring the routes of the API.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};

use super::describe::Docs;
use super::state::ApiState;
use crate::guard::Charge;

/// The routes of the API. Each is declared with its charge and its description; there is no other way to add one.
#[derive(Default)]
pub struct Api {
    /// What answers.
    pub router: Router<ApiState>,
    /// What is declared, in the order of the declarations.
    pub routes: Vec<Route>,
}

/// What is declared of a route beside what answers it.
#[derive(Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// Its path, below the version of the API.
    pub path: &'static str,
    /// What a request is charged.
    pub charge: Charge,
    /// What the document says of it.
    pub docs: Docs,
}

impl Api {
    /// A route that reads.
    pub fn get<H: Handler<T, ApiState>, T: 'static>(
        self,
        path: &'static str,
        charge: Charge,
        handler: H,
        docs: Docs,
    ) -> Api {
        self.with(MethodFilter::GET, Route { method: Method::GET, path, charge, docs }, handler)
    }

    /// A route that takes something in.
    pub fn post<H: Handler<T, ApiState>, T: 'static>(
        self,
        path: &'static str,
        charge: Charge,
        handler: H,
        docs: Docs,
    ) -> Api {
        self.with(MethodFilter::POST, Route { method: Method::POST, path, charge, docs }, handler)
    }

    /// A route that takes a file in.
    pub fn put<H: Handler<T, ApiState>, T: 'static>(
        self,
        path: &'static str,
        charge: Charge,
        handler: H,
        docs: Docs,
    ) -> Api {
        self.with(MethodFilter::PUT, Route { method: Method::PUT, path, charge, docs }, handler)
    }

    /// A route that changes something.
    pub fn patch<H: Handler<T, ApiState>, T: 'static>(
        self,
        path: &'static str,
        charge: Charge,
        handler: H,
        docs: Docs,
    ) -> Api {
        self.with(MethodFilter::PATCH, Route { method: Method::PATCH, path, charge, docs }, handler)
    }

    fn with<H: Handler<T, ApiState>, T: 'static>(mut self, filter: MethodFilter, route: Route, handler: H) -> Api {
        let router = self.router.route(route.path, on(filter, handler));
        self.routes.push(route);
        Api { router, routes: self.routes }
    }
}
