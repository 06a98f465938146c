//! What somebody sends, edits, sends again and discards.

use super::super::super::draft::Target;
use super::super::super::event::Happening;
use super::super::super::ids::IdempotencyKey;
use super::super::Seeded;
use super::super::check::Violation;
use super::Play;

impl Play {
    pub fn send(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let reply = Target::Reply("t1".into());
        let (written_in, target) = match random.below(10) {
            0..=5 => (Target::NewTicket, Target::NewTicket),
            6 => (Target::NewTicket, reply),
            _ => (reply.clone(), reply),
        };
        let more = format!("{{\"locale\":\"en\",\"created_at\":\"{}\"}}", self.world.now.0);
        self.quietly(tab, |world| {
            world.tell(tab, Happening::SendPressed { written_in, target, more, visit: String::new() });
        })
    }

    pub fn edit(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let refused = self.world.tabs[tab].desk.waiting().filter(|submission| submission.refusal.is_some());
        let keys: Vec<IdempotencyKey> = refused.map(|submission| submission.key.clone()).collect();
        let Some(key) = keys.get(random.below(keys.len())) else { return Ok(()) };
        self.world.tell(tab, Happening::EditPressed(key.clone()));
        Ok(())
    }

    pub fn again(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let keys: Vec<IdempotencyKey> = self.world.tabs[tab].desk.waiting().map(|it| it.key.clone()).collect();
        let Some(key) = keys.get(random.below(keys.len())).cloned() else { return Ok(()) };
        self.quietly(tab, |world| world.tell(tab, Happening::SendAgainPressed { key, saw_unsure: false }))
    }

    pub fn discard(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let waiting: Vec<(IdempotencyKey, String)> =
            self.world.tabs[tab].desk.waiting().map(|it| (it.key.clone(), it.text().to_string())).collect();
        let Some((key, text)) = waiting.get(random.below(waiting.len())).cloned() else { return Ok(()) };
        self.world.tell(tab, Happening::DiscardPressed(key));
        if let Some(known) = self.texts.0.get_mut(&text) {
            known.is_required = false;
            known.is_discarded = true;
            known.may_come_back = true;
        }
        Ok(())
    }
}
