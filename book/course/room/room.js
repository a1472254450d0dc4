// @ts-check
// The room's two pages: who is where, for the trainer; how many are where, for everybody. They ask the room every two seconds. The secret
// that they ask with stands behind the # of the address, which a browser sends to nobody. What the room says goes into the page as text.
(() => {
    "use strict";

    /**
     * @typedef {{ who: string, passed: number, of: number, hints: number, minutes: number }} Person
     * @typedef {{ chapter: string, title: string, thoughts: string[], people: Person[] }} Place
     * @typedef {{ people: number, places: Place[] }} Places
     * @typedef {{ people: number, chapters: { chapter: string, at_work: number, done: number }[] }} Counts
     */

    const EVERY = 2000;
    const THEMES = ["light", "rust", "coal", "navy", "ayu"];

    const from = document.querySelector("main")?.dataset.from ?? "";
    const state = /** @type {HTMLElement} */ (document.getElementById("state"));
    const shown = /** @type {HTMLElement} */ (document.getElementById("shown"));
    const join = document.getElementById("join");

    /** @param {string} tag @param {string} text @param {string} [look] */
    const make = (tag, text, look = "") => Object.assign(document.createElement(tag), { textContent: text, className: look });
    /** @param {number} count @param {string} what */
    const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

    // The trainer's token leaves the address at once: the page may be shown to others.
    let secret = location.hash.slice(1);
    if (!join) {
        secret ||= sessionStorage.getItem("room-token") ?? "";
        sessionStorage.setItem("room-token", secret);
        history.replaceState(null, "", location.pathname);
    } else if (secret) {
        join.textContent = `cargo course --room ${location.host}/${secret} --as NAME`;
    }

    // The same five themes as the book's, kept in the same way.
    const theme = document.createElement("select");
    theme.append(...THEMES.map((name) => new Option(name)));
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const kept = localStorage.getItem("mdbook-theme") ?? "";
    theme.value = THEMES.includes(kept) ? kept : dark ? "navy" : "light";
    const paint = () => (document.documentElement.className = `${theme.value} js`);
    paint();
    theme.addEventListener("change", () => {
        localStorage.setItem("mdbook-theme", theme.value);
        paint();
    });
    const label = make("label", "Theme ");
    label.append(theme);
    document.querySelector("footer")?.append(label);

    /** @param {Counts} counts */
    const table = ({ chapters }) => {
        const table = document.createElement("table");
        const head = table.createTHead().insertRow();
        for (const [title, look] of [["Chapter", ""], ["At work", "count"], ["Done", "count"]]) {
            head.append(Object.assign(make("th", title, look), { scope: "col" }));
        }
        const body = table.createTBody();
        for (const { chapter, at_work, done } of chapters) {
            const row = body.insertRow();
            row.append(make("td", chapter), make("td", String(at_work), "count"), make("td", String(done), "count"));
        }
        return chapters.length ? [table] : [];
    };

    /** @param {Place} place @param {boolean} open */
    const section = ({ chapter, title, thoughts, people }, open) => {
        const here = document.createElement("ul");
        for (const { who, passed, of, hints, minutes } of people) {
            const item = document.createElement("li");
            const time = minutes ? many(minutes, "minute") : "just now";
            const more = [time, `${passed} of ${of} tests`, ...(hints ? [many(hints, "hint")] : [])];
            item.append(make("span", who, "who"), make("span", `, ${more.join(", ")}`, "more"));
            here.append(item);
        }
        const parts = [make("h3", title), here];
        if (thoughts.length) {
            const details = Object.assign(document.createElement("details"), { open });
            details.dataset.place = `${chapter}: ${title}`;
            const list = document.createElement("ul");
            list.append(...thoughts.map((thought) => make("li", thought)));
            details.append(make("summary", `Thoughts that lead here (${thoughts.length})`), list);
            parts.push(details);
        }
        return parts;
    };

    /** @param {Places} places */
    const sections = ({ places }) => {
        const opened = [...shown.querySelectorAll("details")].filter((details) => details.open).map((details) => details.dataset.place);
        let last = "";
        return places.flatMap((place) => {
            const head = place.chapter === last ? [] : [make("h2", place.chapter)];
            last = place.chapter;
            return [...head, ...section(place, opened.includes(`${place.chapter}: ${place.title}`))];
        });
    };

    /** @param {string} text */
    const say = (text) => {
        if (state.textContent !== text) {
            state.textContent = text;
        }
    };

    let last = "";
    const look = async () => {
        try {
            const answer = await fetch(from, { headers: { authorization: `Bearer ${secret}` } });
            const text = await answer.text();
            if (!answer.ok) {
                say(text);
                shown.replaceChildren();
                last = "";
                return;
            }
            const told = JSON.parse(text);
            say(told.people === 1 ? "1 person is in the room." : `${told.people} people are in the room.`);
            // What has not changed stays, with what the reader has unfolded and where the focus is.
            if (text !== last) {
                const focused = document.activeElement?.closest("details")?.dataset.place;
                shown.replaceChildren(...(join ? table(told) : sections(told)));
                [...shown.querySelectorAll("details")].find((details) => focused && details.dataset.place === focused)?.querySelector("summary")?.focus();
            }
            last = text;
        } catch {
            say("The room does not answer. Is its terminal still open?");
        }
    };
    const go_on = async () => {
        await look();
        setTimeout(go_on, EVERY);
    };
    go_on();
})();
