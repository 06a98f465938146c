//! What the host has set: the user and the configuration.

use std::time::Duration;

use wasm_bindgen::JsValue;

use super::model::Model;
use super::{Panel, STATE, suggestions, ticket};
use crate::browser::http::Abort;
use crate::browser::{context, loader, read, timer};
use crate::components::el::spawn;
use domain::config::{self, Config};
use domain::context::User;
use domain::ticket::is_email;
use wire::{Read, Source};

/// The change that the user has changed, or has logged out (`loader/widget.js` has the same numbers).
const USER: u8 = 1;
/// The change that another configuration is published for the current user.
const PUBLISHED: u8 = 2;

/// After how many seconds each request of the configuration is repeated that has failed.
const REPEATED_AFTER: [u64; 6] = [3, 10, 30, 60, 120, 300];

/// The host has set something: the user, what is published for them, or, with any other number, a value.
pub fn changed(panel: Panel, change: u8) {
    if change == PUBLISHED {
        return panel.fetch_config();
    }
    if change == USER {
        panel.change(|model| {
            let (config, configured) = (std::mem::take(&mut model.config), model.configured);
            let (user_changes, screen_number) = (model.user_changes + 1, model.screen_number + 1);
            *model = Model { config, configured, user_changes, screen_number, ..Model::default() };
        });
        panel.remember();
        panel.write("");
        panel.redraw();
    }
    panel.listen_to_host();
}

impl Panel {
    /// Reads what the host has set: the user and the configuration.
    pub(super) fn listen_to_host(self) {
        let state = self.loader().state();
        let has_gateway = self.has_gateway();
        // Only a gateway can reach somebody by their id.
        let is_named = |user: &User| match has_gateway {
            true => !user.id.is_empty() || !user.email.is_empty(),
            false => is_email(&user.email),
        };
        let user = context::user(&state.user()).filter(is_named);
        let mut searches = has_gateway;
        let mut config: Config = STATE.with(|state| Config::read(&*state.published.borrow()));
        for options in state.config().iter() {
            for (field, value) in read::entries(&options) {
                searches |= field == "sources";
                if let Err(problem) = config::set_field(&mut config, &field, &value) {
                    loader::warn_developer(&("deskbell: configure: ".to_string() + &problem));
                }
            }
        }
        self.paint(&config);
        STATE.with(|state| state.words.borrow_mut().replace(&config.texts));
        self.change(|model| {
            model.config = config;
            model.searches = searches;
            model.user = user;
        });
        ticket::load_fields(self);
        // A customer who is filling in the form keeps their place in it.
        if self.peek(|model| model.contact == Default::default()) {
            self.redraw();
            self.later(move || self.show_choices());
        }
    }

    /// Shows current incidents, if the site publishes any.
    pub(super) fn show_incidents(self) {
        if self.peek(|model| model.config.incidents) {
            self.with_screens(move |screens| (screens.show_incidents)(self));
        }
    }

    /// The host that searched texts are sent to; empty if they stay on the page.
    pub(super) fn searched_host(self) -> String {
        let site_url = self.loader().site_url();
        if let Some((_, rest)) = site_url.split_once("://") {
            return rest.split('/').next().unwrap_or_default().to_string();
        }
        let is_github = self.setting("sources").items().iter().any(|engine| engine.text_of("engine") == "github");
        if is_github { "api.github.com".into() } else { String::new() }
    }

    /// A field of the configuration as the host wrote it: the page's value, or else the gateway's.
    fn setting(self, name: &str) -> JsValue {
        let published = STATE.with(|state| state.published.borrow().get(name));
        let configured = self.loader().state().config().into_iter().map(|options| options.get(name));
        let values = configured.filter(|value| !value.is_null() && !value.is_undefined());
        values.last().unwrap_or(published)
    }

    /// Requests the configuration, and again while that fails: without it the site's fields, its consent and its files are missing.
    pub(super) fn fetch_config(self) {
        let numbers = STATE.with(|state| &state.config_numbers);
        let (last, received) = numbers.get();
        let number = last + 1;
        numbers.set((number, received));
        spawn(async move {
            let mut waits = REPEATED_AFTER.into_iter();
            loop {
                let config = self.ask("config", &Abort::new()).await;
                let (last, received) = numbers.get();
                if received > number {
                    return;
                }
                let has_failed = config.is_none();
                if !has_failed {
                    numbers.set((last, number));
                }
                self.publish(config);
                // A later request repeats itself.
                let Some(seconds) = waits.next().filter(|_| has_failed && last == number) else { return };
                timer::wait(Duration::from_secs(seconds)).await;
            }
        });
    }

    /// Takes the response with the configuration. One that was published before stays valid if a later request fails.
    fn publish(self, config: Option<JsValue>) {
        if config.is_none() && self.peek(|model| model.configured) {
            return;
        }
        self.loader().configured(config.as_ref().unwrap_or(&JsValue::UNDEFINED));
        if let Some(config) = config {
            STATE.with(|state| state.published.replace(config));
            self.listen_to_host();
        }
        self.change(|model| model.configured = true);
        suggestions::start(self);
        self.show_incidents();
    }
}
