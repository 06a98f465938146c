//! Generated questions and queries from the demo's words; the same on every machine.

use domain::question::{Answer, Question};

use super::DEMO;

/// The seed of the generator.
pub const SEED: u64 = 20_261_123;

/// The demo's words with their frequencies.
pub struct Words {
    titles: Vec<String>,
    texts: Vec<String>,
}

impl Words {
    /// Reads the demo's questions.
    pub fn of_the_demo() -> Result<Words, serde_json::Error> {
        let mut words = Words { titles: Vec::new(), texts: Vec::new() };
        for line in DEMO.lines() {
            let question: Question = serde_json::from_str(line)?;
            words.titles.extend(split(&question.title));
            words.texts.extend(split(&question.body));
            for answer in &question.answers {
                words.texts.extend(split(&answer.body));
            }
        }
        Ok(words)
    }

    /// The question with a number.
    pub fn question(&self, number: usize, random: &mut Random) -> Question {
        let answers = (0..random.between(0, 3))
            .map(|_| Answer { body: self.text(&self.texts, random.between(15, 60), random), ..Answer::default() })
            .collect();
        Question {
            id: format!("made-{number}"),
            kind: "question".into(),
            title: self.text(&self.titles, random.between(5, 11), random),
            body: self.text(&self.texts, random.between(20, 80), random),
            url: format!("https://community.example/q/{number}"),
            solved: random.between(0, 1) == 1,
            created_at: "2026-11-12T08:14:00Z".into(),
            answers,
            ..Question::default()
        }
    }

    fn text(&self, pool: &[String], length: usize, random: &mut Random) -> String {
        let words: Vec<String> = (0..length).map(|_| self.word(pool, random)).collect();
        words.join(" ")
    }

    /// A word; one in twenty is joined from two, because a real community has countless names, codes and typing errors, and the demo's words
    /// alone would hide the cost of a large vocabulary.
    fn word(&self, pool: &[String], random: &mut Random) -> String {
        match random.between(1, 20) {
            1 => format!("{}{}", random.pick(&self.texts), random.pick(&self.texts)),
            _ => random.pick(pool).to_string(),
        }
    }

    /// A query of 1 to 8 words; with `typing` the last one may be cut off.
    pub fn query(&self, number: usize, typing: bool, random: &mut Random) -> String {
        let mut query = self.text(&self.titles, number % 8, random);
        if !query.is_empty() {
            query.push(' ');
        }
        let last = self.word(&self.titles, random);
        if typing {
            let letters = last.chars().count();
            query.extend(last.chars().take(random.between(1, letters.saturating_sub(1).max(1))));
        } else {
            query.push_str(&last);
            query.push(' ');
        }
        query
    }
}

/// SplitMix64: the same questions and queries on every machine.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in an inclusive range.
    fn between(&mut self, first: usize, last: usize) -> usize {
        first + (self.next() % (last - first + 1) as u64) as usize
    }

    fn pick<'a>(&mut self, from: &'a [String]) -> &'a str {
        let index = self.between(0, from.len().saturating_sub(1));
        from.get(index).map_or("", String::as_str)
    }
}

/// The words of a text as written.
pub fn split(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_string)
}
