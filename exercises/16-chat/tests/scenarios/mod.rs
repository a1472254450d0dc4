//! What the server promises, whatever its clients do: a few of them say things, one after the other or two at the same moment, and go in every
//! way there is. A small model of the server says what each has to hear. Nothing is asked here that the page and src/lib.rs do not promise.

use super::wire::{Client, Server};
use chat::{Command, Failure, Limits, Reply};
use harness::{Dice, Scenario, Story, alive_tasks, settle};
use std::{mem, time::Duration};
use tokio::time::sleep;

/// So many clients there are, at most.
const CLIENTS: usize = 4;

/// The test as a whole may take a virtual day: so long it rests.
const RESTS: Duration = Duration::from_secs(20 * 3600);

/// What one client does. It comes in, if it is not there.
#[derive(Clone, Debug)]
pub enum Deed {
    Says(&'static str),
    /// So many lines at once, in a room or not.
    SaysMany(usize),
    /// Has sent everything.
    Ends,
    Goes,
    IsReset,
    /// The first half of a line, which never ends.
    SaysHalf,
    TooLong,
    NoText,
}

#[derive(Clone, Debug)]
pub enum Step {
    One(usize, Deed),
    /// Two clients at the same moment: which of them comes first is up to the server.
    Both((usize, Deed), (usize, Deed)),
    /// Virtual time, in milliseconds.
    Rest(u64),
}

use Deed::*;

#[derive(Clone)]
pub struct Clients {
    limits: Limits,
}

fn deed(dice: &mut Dice) -> Deed {
    match dice.below(30) {
        0..=6 => Says(dice.pick(&["NICK ann", "NICK ben", "NICK cem", "NICK a b", "NICK"])),
        7..=13 => Says(dice.pick(&["JOIN lobby", "JOIN lobby", "JOIN attic", "JOIN"])),
        14..=17 => Says(dice.pick(&["SAY hi", "SAY you  there ", "SAY"])),
        18..=20 => Says("LEAVE"),
        21..=22 => Says(dice.pick(&["PING", "PING 1", "ping", "", "hello\r"])),
        23 => SaysMany(dice.pick_small(&[2, 10, 60])),
        24 => Says("QUIT"),
        25 => Ends,
        26 => Goes,
        27 => IsReset,
        28 => SaysHalf,
        _ => dice.pick(&[TooLong, NoText]),
    }
}

impl Scenario for Clients {
    type Step = Step;

    fn begin(dice: &mut Dice) -> Self {
        Self {
            limits: Limits {
                line: dice.pick(&[40, 100, 3_000]),
                waiting: dice.pick(&[400, 1_000, 100_000]),
            },
        }
    }

    fn step(&self, dice: &mut Dice) -> Step {
        let one = |dice: &mut Dice| (dice.below(CLIENTS), deed(dice));
        match dice.below(12) {
            0..=7 => {
                let (client, deed) = one(dice);
                Step::One(client, deed)
            }
            8..=10 => Step::Both(one(dice), one(dice)),
            _ => Step::Rest(dice.pick(&[310, 5_390, 36_717_000])),
        }
    }

    async fn play(self, steps: Vec<Step>, story: Story) {
        story.tell(format!("serve: {:?}", self.limits));
        let mut at = AtTheServer {
            server: Server::open(self.limits),
            limits: self.limits,
            story,
            clients: [const { None }; CLIENTS],
            model: Model::default(),
        };
        settle().await;
        let before = alive_tasks().await;
        for step in steps {
            at.take(step).await;
        }
        at.story.tell("all clients go");
        at.clients = Default::default();
        assert!(
            alive_tasks().await <= before,
            "all clients have gone, and more tasks are alive than before they came"
        );
    }
}

struct AtTheServer {
    server: Server,
    limits: Limits,
    story: Story,
    clients: [Option<Client>; CLIENTS],
    model: Model,
}

impl AtTheServer {
    async fn take(&mut self, step: Step) {
        let orders = match step {
            Step::Rest(ms) => {
                let time = Duration::from_millis(ms);
                if self.story.now() + time < RESTS {
                    self.story.tell("time passes");
                    sleep(time).await;
                }
                vec![self.model.clone()]
            }
            Step::One(client, deed) => {
                self.does(client, &deed).await;
                vec![self.model.after(&[(client, &deed)])]
            }
            Step::Both((one, first), (other, second)) => {
                // What one client says comes in its order, and many lines at once mix.
                let is_one = one == other
                    || matches!((&first, &second), (SaysMany(_), _) | (_, SaysMany(_)));
                self.does(one, &first).await;
                if is_one {
                    self.model = self.model.after(&[(one, &first)]);
                    self.hear(vec![self.model.clone()]).await;
                } else {
                    self.story.tell("at the same moment");
                }
                self.does(other, &second).await;
                match is_one {
                    true => vec![self.model.after(&[(other, &second)])],
                    false => vec![
                        self.model.after(&[(one, &first), (other, &second)]),
                        self.model.after(&[(other, &second), (one, &first)]),
                    ],
                }
            }
        };
        self.hear(orders).await;
    }

    /// Does it, and tells it.
    async fn does(&mut self, number: usize, deed: &Deed) {
        let who = format!("client {number}");
        if self.clients[number].is_none() {
            self.story.tell(format!("{who} comes in"));
            self.clients[number] = Some(self.server.connect());
        }
        let Some(client) = &mut self.clients[number] else {
            return;
        };
        let bytes = match deed {
            Says(line) => {
                self.story.tell(format!("{who} says {line:?}"));
                format!("{line}\n").into_bytes()
            }
            SaysMany(count) => {
                self.story.tell(format!("{who} says {count} lines"));
                (0..*count)
                    .flat_map(|i| format!("SAY {i}\n").into_bytes())
                    .collect()
            }
            SaysHalf => {
                self.story
                    .tell(format!("{who} says half of a line, and goes"));
                b"SAY half of a li".to_vec()
            }
            TooLong => {
                self.story
                    .tell(format!("{who} sends a line without an end"));
                vec![b'x'; 2 * self.limits.line]
            }
            NoText => {
                self.story
                    .tell(format!("{who} sends a line that is no text"));
                b"SAY \xff\n".to_vec()
            }
            Ends => {
                self.story.tell(format!("{who} has sent everything"));
                client.has_sent_everything().await;
                return;
            }
            Goes | IsReset => Vec::new(),
        };
        client.writes(&bytes).await;
        if matches!(deed, Goes | IsReset | SaysHalf)
            && let Some(client) = self.clients[number].take()
        {
            if matches!(deed, IsReset) {
                self.story.tell(format!("{who} is reset"));
                client.resets();
            } else {
                self.story.tell(format!("{who} goes"));
            }
        }
    }

    /// Everybody has heard what one of the models says.
    async fn hear(&mut self, models: Vec<Model>) {
        settle().await;
        let mut heard: [Vec<Option<String>>; CLIENTS] = Default::default();
        for (heard, client) in heard.iter_mut().zip(&mut self.clients) {
            if let Some(client) = client {
                *heard = client.heard_so_far().await;
            }
        }
        let expected = models[0].heard.clone();
        for mut model in models {
            let matches =
                (0..CLIENTS).all(|i| self.clients[i].is_none() || model.heard[i] == heard[i]);
            if matches {
                for (client, heard) in self.clients.iter_mut().zip(&heard) {
                    if heard.last() == Some(&None) {
                        *client = None;
                    }
                }
                model.heard = Default::default();
                self.model = model;
                return;
            }
        }
        for (number, heard) in heard.iter().enumerate() {
            if self.clients[number].is_some() {
                self.story
                    .tell(format!("client {number} has heard {:?}", told(heard)));
            }
        }
        let wrong = (0..CLIENTS).find(|&i| self.clients[i].is_some() && heard[i] != expected[i]);
        let wrong = wrong.unwrap_or_default();
        panic!(
            "client {wrong} should have heard {:?}, and heard {:?}",
            told(&expected[wrong]),
            told(&heard[wrong])
        );
    }
}

fn told(lines: &[Option<String>]) -> Vec<&str> {
    let told = lines
        .iter()
        .map(|line| line.as_deref().unwrap_or("(the end)"));
    told.collect()
}

/// The server as one value: who is there, and what each hears by what is done.
#[derive(Clone, Default)]
struct Model {
    clients: [Known; CLIENTS],
    heard: [Vec<Option<String>>; CLIENTS],
}

#[derive(Clone, Default)]
struct Known {
    name: Option<String>,
    room: Option<String>,
}

impl Model {
    fn after(&self, deeds: &[(usize, &Deed)]) -> Self {
        let mut model = self.clone();
        for (client, deed) in deeds {
            model.does(*client, deed);
        }
        model
    }

    fn does(&mut self, client: usize, deed: &Deed) {
        match deed {
            Says(line) => self.says(client, line.trim_end_matches('\r')),
            SaysMany(count) => (0..*count).for_each(|i| self.says(client, &format!("SAY {i}"))),
            Ends => self.ends(client),
            Goes | IsReset => self.leaves(client),
            // The server sees a last line, and then the end.
            SaysHalf => {
                self.says(client, "SAY half of a li");
                self.leaves(client);
            }
            TooLong => self.fails(client, Failure::LineTooLong),
            NoText => self.fails(client, Failure::NotText),
        }
    }

    fn hears(&mut self, client: usize, reply: Reply) {
        self.heard[client].push(Some(reply.to_string()));
    }

    fn all_hear(&mut self, room: &str, reply: &Reply) {
        for client in 0..CLIENTS {
            if self.clients[client].room.as_deref() == Some(room) {
                self.hears(client, reply.clone());
            }
        }
    }

    fn fails(&mut self, client: usize, failure: Failure) {
        self.hears(client, Reply::Failed(failure));
        self.ends(client);
    }

    fn ends(&mut self, client: usize) {
        self.leaves(client);
        self.hears(client, Reply::Bye);
        self.heard[client].push(None);
    }

    /// It is gone, and its name is free.
    fn leaves(&mut self, client: usize) {
        let known = mem::take(&mut self.clients[client]);
        if let (Some(room), Some(name)) = (known.room, known.name) {
            let left = Reply::Left {
                room: room.clone(),
                name,
            };
            self.all_hear(&room, &left);
            self.hears(client, left);
        }
    }

    fn says(&mut self, client: usize, line: &str) {
        let Known { name, room } = self.clients[client].clone();
        let command = match Command::parse(line) {
            Ok(command) => command,
            Err(failure) => return self.hears(client, Reply::Failed(failure)),
        };
        let failure = match (command, name, room) {
            (Command::Ping(text), ..) => return self.hears(client, Reply::Pong(text)),
            (Command::Quit, ..) => return self.ends(client),
            (Command::Nick(_), Some(_), _) => Failure::AlreadyNamed,
            (Command::Nick(name), None, _) => {
                let is_taken = self
                    .clients
                    .iter()
                    .any(|known| known.name.as_ref() == Some(&name));
                if !is_taken {
                    self.clients[client].name = Some(name.clone());
                    return self.hears(client, Reply::Named(name));
                }
                Failure::NameTaken
            }
            (Command::Join(_), None, _) => Failure::NoName,
            (Command::Join(_), _, Some(_)) => Failure::AlreadyInARoom,
            (Command::Join(room), Some(name), None) => {
                self.clients[client].room = Some(room.clone());
                return self.all_hear(&room.clone(), &Reply::Joined { room, name });
            }
            (Command::Say(text), Some(name), Some(room)) => {
                return self.all_hear(&room.clone(), &Reply::Said { room, name, text });
            }
            (Command::Leave, Some(name), Some(room)) => {
                self.clients[client].room = None;
                let left = Reply::Left {
                    room: room.clone(),
                    name,
                };
                self.all_hear(&room, &left);
                return self.hears(client, left);
            }
            (Command::Say(_) | Command::Leave, ..) => Failure::NotInARoom,
        };
        self.hears(client, Reply::Failed(failure));
    }
}
