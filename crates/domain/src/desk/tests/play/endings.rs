//! Tabs that crash, and the end, when everything works again.

use super::super::super::event::Happening;
use super::super::super::ids::CustomerId;
use super::super::check::{Violation, check, check_arrivals, check_drafts};
use super::super::texts::{
    attachments_of, drafts_shown, has_arrived, in_memory, kept, on_device, submissions_on_device, to_be_deleted,
};
use super::super::world::TABS;
use super::{Play, Storage};

impl Play {
    pub fn crash(&mut self, tab: usize) -> Result<(), Violation> {
        let device = on_device(&self.world);
        let lost: Vec<String> = in_memory(&self.world.tabs[tab]);
        // What was to be deleted may come back.
        for text in to_be_deleted(&self.world, tab) {
            self.texts.0.entry(text).and_modify(|known| known.may_come_back = true);
        }
        self.texts.0.values_mut().for_each(|known| known.claimed_in.retain(|other| *other != tab));
        self.world.crash(tab);
        let stored = submissions_on_device(&self.world);
        for text in lost {
            // An attachment that was in no record is lost with the tab, as a text is.
            let files = attachments_of(&self.world, &text);
            self.texts.0.entry(text.clone()).and_modify(|known| known.attachments.retain(|name| files.contains(name)));
            let is_elsewhere = self.world.tabs.iter().any(|tab| in_memory(tab).contains(&text));
            let is_sent = stored.contains(&text) || has_arrived(&self.world, &text);
            let others = self.world.tabs.iter().flat_map(|tab| &tab.desk.outbox);
            if let Some(known) = self.texts.0.get_mut(&text)
                && !is_sent
                && !others.into_iter().any(|outgoing| outgoing.submission.text() == text)
            {
                // It was not stored yet, and is a draft again.
                known.is_submitted = false;
                known.is_required &= !known.is_forgettable;
            }
            if let Some(known) = self.texts.0.get_mut(&text)
                && !is_elsewhere
                && !device.contains(&text)
                && !known.was_stored
            {
                known.is_required = false;
            }
        }
        self.let_go();
        self.world.start(tab);
        Ok(())
    }

    /// A text that its author has typed over goes with the last tab that kept it, unless it was sent off before.
    pub fn let_go(&mut self) {
        let stored = submissions_on_device(&self.world);
        let held: Vec<String> = self.world.tabs.iter().flat_map(kept).chain(stored).collect();
        for (text, known) in self.texts.0.iter_mut().filter(|(_, known)| known.is_replaced) {
            known.is_required &= held.contains(text);
        }
    }

    fn settle(&mut self) -> Result<(), Violation> {
        self.world.try_to_settle()?;
        self.let_go();
        check(&mut self.world, &mut self.texts)
    }

    /// Everything works again, and everybody comes back.
    pub fn end(mut self) -> Result<(), Violation> {
        self.world.gateway.rejects_tokens = false;
        for request in std::mem::take(&mut self.world.network) {
            self.world.gateway.answer(&request);
        }
        for tab in 0..TABS {
            self.world.start(tab);
        }
        self.settle()?;
        for name in ["", "ada", "ben"] {
            for tab in 0..TABS {
                self.crash(tab)?;
                if !name.is_empty() {
                    let id: CustomerId = name.into();
                    let customer = self.customer(tab, id);
                    self.world.tell(tab, Happening::Identified(customer));
                    let shown = drafts_shown(&self.world.tabs[tab]);
                    assert!(shown.is_empty(), "nothing was loaded before: {shown:?}");
                }
            }
            self.settle()?;
            let waiting: Vec<_> =
                self.world.tabs[0].desk.waiting().filter(|it| it.refusal.is_none()).map(|it| it.key.clone()).collect();
            for key in waiting {
                self.world.tell(0, Happening::SendAgainPressed { key, saw_unsure: true });
            }
            self.settle()?;
            check_drafts(&self.world, &self.texts)?;
        }
        if self.storage == Storage::Reliable && !self.world.troubled.is_empty() {
            return Err(format!("{:?} went from memory", self.world.troubled));
        }
        check_arrivals(&self.world, &self.texts)
    }
}
