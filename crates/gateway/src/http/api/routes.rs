//! Declares the routes of the API.

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
    /// The handlers.
    pub router: Router<ApiState>,
    /// The declarations, in order.
    pub routes: Vec<Route>,
}

/// The declaration of a route, without its handler.
#[derive(Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// Its path, below the version prefix.
    pub path: &'static str,
    /// The charge of a request.
    pub charge: Charge,
    /// Its description in the OpenAPI document.
    pub docs: Docs,
}

impl Api {
    /// Declares a `GET` route.
    pub fn get<H: Handler<T, ApiState>, T: 'static>(
        self,
        path: &'static str,
        charge: Charge,
        handler: H,
        docs: Docs,
    ) -> Api {
        self.with_route(MethodFilter::GET, Route { method: Method::GET, path, charge, docs }, handler)
    }

    /// Declares a `POST` route.
    pub fn post<H: Handler<T, ApiState>, T: 'static>(
        self,
        path: &'static str,
        charge: Charge,
        handler: H,
        docs: Docs,
    ) -> Api {
        self.with_route(MethodFilter::POST, Route { method: Method::POST, path, charge, docs }, handler)
    }

    /// Declares a `PUT` route.
    pub fn put<H: Handler<T, ApiState>, T: 'static>(
        self,
        path: &'static str,
        charge: Charge,
        handler: H,
        docs: Docs,
    ) -> Api {
        self.with_route(MethodFilter::PUT, Route { method: Method::PUT, path, charge, docs }, handler)
    }

    /// Declares a `PATCH` route.
    pub fn patch<H: Handler<T, ApiState>, T: 'static>(
        self,
        path: &'static str,
        charge: Charge,
        handler: H,
        docs: Docs,
    ) -> Api {
        self.with_route(MethodFilter::PATCH, Route { method: Method::PATCH, path, charge, docs }, handler)
    }

    fn with_route<H: Handler<T, ApiState>, T: 'static>(
        mut self,
        filter: MethodFilter,
        route: Route,
        handler: H,
    ) -> Api {
        let router = self.router.route(route.path, on(filter, handler));
        self.routes.push(route);
        Api { router, routes: self.routes }
    }
}
