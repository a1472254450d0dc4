// @ts-check
// <exercise-check name="recipe" file="exercises/01-recipe/src/lib.rs">: the box of an exercise; with step="2" that of one of its steps.
// In the page's HTML that of a step holds its task and its promises, one <details data-test="…"> a test with staged hints inside, all of it
// readable without this script. The script stages the hints (each opens the way to the next) and shows the command to run. When
// `cargo course` serves the page, its boxes go live: they listen to the verdicts, one server-sent event a change, each the whole status,
// so nothing has to be kept in step. The first box that is not done is the reader's: it leads, the others only tell how they stand.
(() => {
    "use strict";

    /**
     * @typedef {"waiting" | "passes" | "fails" | "never ends" | "missing"} Result
     * @typedef {{ page: string, thoughts: { words: string, answer: string }[] }} Causes
     * @typedef {{ name: string, promise: string, result: Result, said: string, causes: Causes | null }} Test
     * @typedef {"waiting" | "building" | "broken" | "running" | "done"} Phase
     * @typedef {{ result: Result, words: string, run: string, said: string }} Schedules
     * @typedef {{ name: string, phase: Phase, note: string, broken: string, undone: string, tests: Test[], passed: number, of: number, schedules: Schedules | null }} Status
     */

    /** @type {Record<Result, [mark: string, verdict: string]>} */
    const VERDICTS = {
        waiting: ["…", "waits"],
        passes: ["✓", "passes"],
        fails: ["✗", "fails"],
        "never ends": ["✗", "never ends"],
        missing: ["✗", "missing"],
    };

    const isPrint = /\/print(\.html)?$/.test(location.pathname);
    const LOST = "`cargo course` is not running: verdicts are not live";
    /** As in "panicked at exercises/01-recipe/src/lib.rs:36:9", and no place in the harness or in a dependency. */
    const PLACE = /(?<![\w.\\/-])((?:exercises[\\/]\d+-[\w-]+[\\/])?(?:src|tests)[\\/][\w\\/]+\.rs:\d+)/;
    const WATCHING = "Watching: save, and it runs.";

    class ExerciseCheck extends HTMLElement {
        #name = "";
        /** "2", or empty: this is the box of the whole exercise. */
        #step = "";
        /** @type {Map<string, TestRow>} */
        #rows = new Map();
        #bar = make("div", "exercise-bar");
        #status = make("p", "state");
        #note = make("p", "note");
        #segments = make("div", "segments");
        #rustc = new Said("");
        #schedules = make("p", "note");
        #inSchedule = new Said("");
        #live = false;
        #run = button("Run the tests");

        connectedCallback() {
            if (this.#name || isPrint) {
                return;
            }
            this.#name = this.#rustc.exercise = this.#inSchedule.exercise = this.getAttribute("name") ?? "";
            this.#step = this.getAttribute("step") ?? "";
            if (this.#step) {
                this.id ||= `step-${this.#step}`;
            }
            for (const details of this.querySelectorAll(":scope > details")) {
                const row = new TestRow(this.#name, /** @type {HTMLDetailsElement} */ (details));
                this.#rows.set(row.name, row);
            }
            const verdicts = Verdicts.of(this.#name, this);
            if (!this.#step || verdicts.panels[0] === this) {
                this.#showCommand();
            }
            this.insertBefore(this.#bar, this.querySelector(this.#step ? ":scope > details" : ":scope > :is(.step, details)"));
            verdicts.listen();
        }

        #showCommand() {
            const command = `cargo test -p ${this.#name}`;
            // Many a task names it itself.
            if (!this.textContent?.includes(command)) {
                const copy = button("Copy", "quiet");
                copy.setAttribute("aria-label", `Copy the command ${command}`);
                copy.addEventListener("click", async () => {
                    await navigator.clipboard.writeText(command);
                    copy.textContent = "Copied";
                });
                const line = make("p", "command");
                line.append(make("code", "hljs", command), copy);
                this.#bar.append(line);
            }
            this.#note.append(...prose("Start `cargo course` and open this page from its address: each save is then checked here."));
            this.#bar.append(this.#note);
        }

        /** From the command to the verdicts: done once, when the first status has come. */
        #goLive() {
            if (this.#live) {
                return;
            }
            this.#live = true;
            this.#run.addEventListener("click", () => {
                fetch(`api/exercises/${encodeURIComponent(this.#name)}/check`, { method: "POST" })
                    .then(async (answer) => answer.ok || say(this.#status, await answer.text()))
                    .catch(() => say(this.#status, LOST));
            });
            this.#schedules.setAttribute("aria-live", "polite");
            this.#segments.setAttribute("aria-hidden", "true");
            const now = make("div", "now");
            now.append(this.#run, this.#status, this.#note);
            this.#bar.replaceChildren(now, this.#segments, this.#rustc.element, this.#schedules, this.#inSchedule.element);
        }

        /** The server does not answer any more. */
        lose() {
            if (this.#live) {
                this.classList.add("lost");
                say(this.#status, LOST);
                this.#note.textContent = "Start it again, and this page goes on by itself.";
            }
        }

        /** Whether all of its tests pass, as far as is known.
         * @param {Map<string, Result>} known */
        isDone(known) {
            return [...this.#rows.keys()].every((name) => known.get(name) === "passes");
        }

        /** @param {Status} status @param {ExerciseCheck} leader the box to work on @param {boolean} again it was done, and is not any more */
        show(status, leader, again) {
            this.#goLive();
            this.classList.remove("lost");
            const leads = leader === this;
            // Only one of a page's boxes is read out.
            leads ? this.#status.setAttribute("role", "status") : this.#status.removeAttribute("role");
            const schedules = this.#step ? null : status.schedules;
            const red = schedules?.result === "fails" || schedules?.result === "never ends";
            const tests = this.#step ? status.tests.filter((test) => this.#rows.has(test.name)) : status.tests;
            const passed = tests.filter((test) => test.result === "passes").length;
            const allPass = status.phase === "done" && tests.length > 0 && passed === tests.length && !red;
            this.classList.toggle("all-pass", allPass);
            this.#run.classList.toggle("quiet", allPass);
            this.#run.hidden = this.#step !== "" && !leads;
            const done = this.#step ? `✓ ${this.getAttribute("done") ?? `Step ${this.#step} is done`}` : `✓ All ${tests.length} pass`;
            say(this.#status, allPass ? done : headline(status.phase, passed, tests.length));
            const broke = leads && again && this.#step && status.phase === "done" ? "It passed before: a later change broke it. " : "";
            const watching = leads && !allPass && (status.phase === "done" || status.phase === "broken") ? WATCHING : "";
            const note = leads || !this.#step ? broke + (status.note || watching) : "";
            const waits = this.#step !== "" && leader.compareDocumentPosition(this) & Node.DOCUMENT_POSITION_FOLLOWING;
            // A step that depends on one which is red again is no step to go on from.
            const way = waits && (again || !allPass) ? goBack(leader, again) : allPass ? goOn(this, this.#step !== "") : [];
            this.#note.replaceChildren(...way, ...prose(allPass && note ? ` ${note}` : note));
            const rustc = status.phase === "broken" ? status.broken : allPass ? "" : status.undone;
            this.#rustc.say("What the compiler says", leads ? rustc : "");
            say(this.#schedules, schedules ? schedules.words.charAt(0).toUpperCase() + schedules.words.slice(1) : "");
            this.#inSchedule.say(`What it says there (its run: \`${schedules?.run}\`)`, red ? schedules.said : "");

            this.#segments.replaceChildren(...tests.map((test) => make("i", slug(test.result))));
            if (!this.#step) {
                this.#follow(tests);
            }
            for (const test of tests) {
                this.#rows.get(test.name)?.show(test, status.phase);
            }
            if (status.phase === "running" || status.phase === "done") {
                this.#guide(leads ? tests : []);
            }
        }

        /** A test that the reader has added gets a row; the row goes when the test does.
         * @param {Test[]} tests */
        #follow(tests) {
            for (const [name, row] of this.#rows) {
                if (row.added && !tests.some((test) => test.name === name)) {
                    row.details.remove();
                    this.#rows.delete(name);
                }
            }
            for (const { name, promise } of tests) {
                if (!this.#rows.has(name)) {
                    const details = document.createElement("details");
                    details.dataset.test = name;
                    const summary = make("summary");
                    summary.append(promise || make("code", "hljs", name));
                    details.append(summary);
                    const rows = [...this.#rows.values()];
                    (rows.at(-1)?.details ?? this.#bar).after(details);
                    this.#rows.set(name, new TestRow(this.#name, details, true));
                }
            }
        }

        /** Opens the first of these tests that does not pass, as soon as it is known which one that is; closes the others.
         * @param {Test[]} tests */
        #guide(tests) {
            const next = tests.find((test) => test.result !== "passes");
            if (next?.result === "waiting") {
                return;
            }
            for (const [name, row] of this.#rows) {
                row.guide(name === next?.name);
            }
        }
    }

    /** The verdicts on one exercise, for all of its boxes in the page: a browser opens six connections to a host at most. */
    class Verdicts {
        /** @type {Map<string, Verdicts>} */
        static #all = new Map();
        /** @type {ExerciseCheck[]} */
        panels = [];
        /** What is known of each test until now: a new check starts with "waiting". @type {Map<string, Result>} */
        #known = new Map();
        /** @type {EventSource | null} */
        #stream = null;
        #waits = false;
        /** Those that a check has found done, since the page was opened. @type {Set<ExerciseCheck>} */
        #done = new Set();

        /** @param {string} name */
        constructor(name) {
            this.name = name;
        }

        /** @param {string} name @param {ExerciseCheck} panel */
        static of(name, panel) {
            const verdicts = this.#all.get(name) ?? new Verdicts(name);
            this.#all.set(name, verdicts);
            verdicts.panels.push(panel);
            return verdicts;
        }

        listen() {
            // Only `cargo course` answers with verdicts. It serves this machine; where it is reached by another name, it says so.
            const isLocal = location.protocol === "http:" && ["127.0.0.1", "localhost"].includes(location.hostname);
            if (!isLocal && !document.cookie.split("; ").includes("cargo-course=live")) {
                return;
            }
            if (!this.#waits) {
                this.#waits = true;
                // Pages in the background give their connections back.
                document.addEventListener("visibilitychange", () => this.listen());
            }
            if (document.hidden) {
                this.#stream?.close();
                this.#stream = null;
                return;
            }
            if (this.#stream) {
                return;
            }
            const stream = (this.#stream = new EventSource(`api/exercises/${encodeURIComponent(this.name)}/events`));
            stream.addEventListener("message", (event) => this.#tell(JSON.parse(event.data)));
            stream.addEventListener("error", () => {
                // A server that is gone may come back: the browser goes on trying. One that answered "no such thing" is another server.
                if (stream.readyState === EventSource.CLOSED) {
                    this.#stream = null;
                }
                this.panels.forEach((panel) => panel.lose());
            });
        }

        /** @param {Status} status */
        #tell(status) {
            for (const { name, result } of status.tests) {
                if (result !== "waiting") {
                    this.#known.set(name, result);
                }
            }
            const leader = this.panels.find((panel) => !panel.isDone(this.#known)) ?? this.panels[this.panels.length - 1];
            // Until a check is over, what is known comes from two versions of the code.
            if (status.phase === "done") {
                this.panels.filter((panel) => panel.isDone(this.#known)).forEach((panel) => this.#done.add(panel));
            }
            const again = this.#done.has(leader) && !leader.isDone(this.#known);
            this.panels.forEach((panel) => panel.show(status, leader, again));
            if (status.phase === "done" || status.phase === "broken") {
                document.dispatchEvent(new Event("verdict"));
            }
        }
    }

    /** One test: the <details> of its promise, the verdict in the summary, what the test said, the hints. */
    class TestRow {
        #summary;
        #mark = make("span", "mark");
        #verdict = make("span", "verdict");
        #said;
        #causes = make("div", "causes");
        #recording;
        #hints;
        /** As this script left it: a <details> found otherwise was moved by the reader, who then decides alone. */
        #open;
        #readersOwn = false;

        /** @param {string} exercise @param {HTMLDetailsElement} details @param {boolean} added by the reader, and not one of the course's */
        constructor(exercise, details, added = false) {
            this.details = details;
            this.added = added;
            this.name = details.dataset.test ?? "";
            this.#said = new Said(exercise);
            this.#open = details.open;
            this.#summary = /** @type {HTMLElement} */ (details.querySelector(":scope > summary"));
            this.#summary.classList.add("row");
            const promise = make("span", "promise");
            promise.append(...this.#summary.childNodes);
            this.#mark.setAttribute("aria-hidden", "true");
            this.#summary.append(this.#mark, promise, " ", this.#verdict);
            this.#recording = new Recording(exercise, this.name, !details.closest("[unrecorded]"));
            this.#summary.after(this.#said.element, this.#causes, this.#recording.element);

            details.addEventListener("toggle", () => {
                if (details.open !== this.#open) {
                    this.#open = details.open;
                    this.#readersOwn = true;
                }
            });
            this.#hints = /** @type {HTMLDetailsElement[]} */ ([...details.querySelectorAll(":scope > details")]);
            this.#hints.forEach((hint, index) => {
                hint.hidden = index > 0;
                hint.addEventListener("toggle", () => {
                    const next = this.#hints[index + 1];
                    if (hint.open && next) {
                        next.hidden = false;
                    }
                });
            });
        }

        /** @param {Test} test @param {Phase} phase */
        show({ name, result, said, causes }, phase) {
            const [mark, verdict] = VERDICTS[result];
            this.#mark.textContent = mark;
            this.#verdict.textContent = verdict;
            this.#summary.className = `row ${slug(result)}`;
            // What the last check said stays to be read until this one knows better.
            const checking = result === "waiting" && (phase === "building" || phase === "running");
            if (checking) {
                this.#said.isOld = true;
            } else {
                this.#said.say(`What the test \`${name}\` says`, said);
                this.#causes.replaceChildren(...causesOf(causes));
            }
            this.#recording.show(result);
        }

        /** @param {boolean} next is this the promise to look at next? */
        guide(next) {
            this.#hints[0]?.classList.toggle("suggested", next);
            if (!this.#readersOwn) {
                this.details.open = this.#open = next;
            }
        }
    }

    /** A program's own words: shown as text, and not at all when there are none. A place in the reader's own code, or in its tests, can be opened. */
    class Said {
        #label = make("p");
        #text = make("pre");
        #code = make("div");
        /** It is about code that is just being replaced. */
        isOld = false;
        element = make("div", "said");

        /** @param {string} exercise */
        constructor(exercise) {
            this.exercise = exercise;
            this.element.hidden = true;
            // It may scroll, and what scrolls must be in reach of the keyboard.
            this.#text.tabIndex = 0;
            this.#text.setAttribute("role", "group");
            this.element.append(this.#label, this.#text, this.#code);
        }

        /** @param {string} label whose words they are @param {string} text */
        say(label, text) {
            this.element.hidden = text === "";
            if (this.isOld || this.#text.textContent !== text) {
                const parts = text.split(PLACE);
                this.#text.replaceChildren(...parts.map((part, at) => (at % 2 ? this.#place(part) : part)));
                this.#code.replaceChildren();
            }
            this.isOld = false;
            this.#label.replaceChildren(...prose(label));
            this.#text.setAttribute("aria-label", label.replaceAll("`", ""));
        }

        /** @param {string} place */
        #place(place) {
            const open = make("button", "place", place);
            open.type = "button";
            open.title = "Show this line";
            const [file, line] = place.split(":");
            const path = file.replaceAll("\\", "/").replace(/^exercises\/[^/]+\//, "");
            open.addEventListener("click", () => {
                fetch(`api/exercises/${encodeURIComponent(this.exercise)}/source/${path}`)
                    .then(async (answer) => {
                        const { own, mark } = await ownCode();
                        this.#code.replaceChildren(...(answer.ok ? own(file, await answer.text()) : [`${file} is not there any more.`]));
                        mark(this.#code.querySelector("pre > code"), Number(line));
                    })
                    .catch(() => say(this.#code, LOST));
            });
            return open;
        }
    }

    /** A test's run, recorded when the reader asks for it. It is that of the code which the verdict is about. */
    class Recording {
        #url;
        #label;
        #watch = button("Watch it run", "quiet");
        #note = make("p");
        #place = make("div");
        /** @type {AbortController | null} */
        #asked = null;
        #old = false;
        element = make("div", "watch");

        /** @param {string} exercise @param {string} test @param {boolean} possible can its runs be recorded? */
        constructor(exercise, test, possible) {
            this.possible = possible;
            this.#url = `api/exercises/${encodeURIComponent(exercise)}/trace/${encodeURIComponent(test)}`;
            this.#label = `The run of ${test}`;
            this.#watch.addEventListener("click", () => this.#ask());
            this.#note.setAttribute("role", "status");
            this.element.hidden = true;
            this.element.append(this.#watch, this.#note, this.#place);
        }

        /** @param {Result} result */
        show(result) {
            // A run that is asked for now would be of code that is just being replaced.
            this.#watch.disabled = result === "waiting";
            if (result === "waiting") {
                // Stays to be looked at until there is another verdict.
                this.#old = true;
                return;
            }
            this.element.hidden = !this.possible || result === "missing";
            if (this.#old) {
                this.#clear("");
            }
            this.#old = false;
        }

        async #ask() {
            this.#clear("Recording…");
            const asked = (this.#asked = new AbortController());
            let [html, source, file] = ["", "", ""];
            let error = LOST;
            /** @type {any} */
            let show;
            try {
                show = await ownCode();
                const response = await fetch(this.#url, { method: "POST", signal: asked.signal });
                ({ html = "", source = "", file = "", error = "" } = response.ok ? await response.json() : { error: "cannot record: save again, then try once more" });
            } catch {
                // The server is gone, or the answer is not wanted any more.
            }
            if (asked.signal.aborted) {
                return;
            }
            this.#clear(error);
            if (html) {
                const trace = document.createElement("actor-trace");
                trace.setAttribute("label", this.#label);
                trace.append(...show.sections(html, source));
                this.#place.append(...show.own(file, source), trace);
            }
        }

        /** @param {string} note */
        #clear(note) {
            this.#asked?.abort();
            this.#asked = null;
            say(this.#note, note);
            this.#place.replaceChildren();
        }
    }

    /** What is needed at a click. @returns {Promise<any>} */
    function ownCode() {
        return import(new URL(`${path_to_root}own-code.js`, location.href).href);
    }

    /** @param {Phase} phase @param {number} passed @param {number} of */
    function headline(phase, passed, of) {
        switch (phase) {
            case "waiting":
                return "Waits to be checked";
            case "building":
                return "Building…";
            case "broken":
                return "Does not compile";
            case "running":
                return "Running the tests…";
            case "done":
                return `${passed} of ${of} pass`;
        }
    }

    /** The thoughts that were seen to lead to a failure, and where the book says more.
     * @param {Causes | null} causes */
    function causesOf(causes) {
        if (!causes) {
            return [];
        }
        const { page, thoughts } = causes;
        const link = document.createElement("a");
        link.href = page;
        link.textContent = thoughts.length ? "What else goes wrong here" : "What leads to this";
        const all = make("p");
        all.append(link);
        return [
            ...thoughts.map(({ words, answer }) => {
                const line = make("p", "", "A thought that leads here: ");
                const code = make("a", "", "its code");
                code.setAttribute("href", `?answer=${answer}`);
                line.append(...prose(words), " (", code, ")");
                return line;
            }),
            all,
        ];
    }

    /** The way on: the heading after a solved exercise, or the one after its step; or the next chapter.
     * @param {Element} exercise @param {boolean} isStep */
    function goOn(exercise, isStep) {
        const heading = [...document.querySelectorAll(isStep ? "main :is(h2, h3)[id]" : "main h2[id]")].find(
            (heading) => exercise.compareDocumentPosition(heading) & Node.DOCUMENT_POSITION_FOLLOWING,
        );
        const next = /** @type {HTMLAnchorElement | null} */ (document.querySelector("a[rel~=next]"));
        const link = document.createElement("a");
        link.textContent = heading ? `Go on: ${heading.textContent}` : "Go on to the next chapter";
        link.href = heading ? `#${heading.id}` : (next?.href ?? "");
        return heading || next ? [link] : [];
    }

    /** From a step to one before it that is to be done first.
     * @param {ExerciseCheck} leader @param {boolean} again it was done, and is not any more */
    function goBack(leader, again) {
        const step = leader.getAttribute("step");
        const link = document.createElement("a");
        link.textContent = again ? `Step ${step} is red again` : `First: step ${step}`;
        link.href = `#${leader.id}`;
        return [link];
    }

    /** Text in which `this` is code, as in Markdown.
     * @param {string} text */
    function prose(text) {
        return text.split("`").map((part, index) => (index % 2 ? make("code", "hljs", part) : part));
    }

    /** A live region is read out at each change, so it is left alone when nothing has changed.
     * @param {Element} region @param {string} text */
    function say(region, text) {
        if (region.textContent !== text) {
            region.textContent = text;
        }
    }

    /** @param {Result} result as a class name */
    function slug(result) {
        return result.replace(" ", "-");
    }

    /** @param {string} label @param {string} style */
    function button(label, style = "") {
        const button = document.createElement("button");
        button.type = "button";
        button.className = `course-button ${style}`;
        button.textContent = label;
        return button;
    }

    /** @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @param {string} style @param {string} text */
    function make(tag, style = "", text = "") {
        const element = document.createElement(tag);
        element.className = style;
        element.textContent = text;
        return element;
    }

    // The box of the whole exercise has what its steps have; on paper they are enough.
    const wholes = isPrint ? [] : document.querySelectorAll("exercise-check:not([step])");
    for (const whole of wholes) {
        const steps = document.querySelectorAll(`exercise-check[step][name="${whole.getAttribute("name")}"] > :is(.step, details)`);
        whole.append(...[...steps].map((part) => part.cloneNode(true)));
    }
    customElements.define("exercise-check", ExerciseCheck);
})();
