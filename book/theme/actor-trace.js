// @ts-check
// <actor-trace label="An ask" choice="Callers">: plays recorded runs of actors. Each <section> in it is one run as the recorder writes
// it: a title, the steps as JSON, and the same in sentences, which are all there is on paper and without JavaScript. With it: a box for
// each actor, the way here as lanes, the running line marked in the listing. A <check-yourself at="blocked"> is asked before the first
// step of that kind ("blocked 2": the second), in the run with the label run="…" or in all. What follows is covered until then.
(() => {
    "use strict";

    const FRAME = `<div class="top"><p class="title"></p><fieldset><legend></legend></fieldset></div>
        <p class="about"></p>
        <div class="stage"></div>
        <button type="button" class="where" title="Show this line in the listing"></button>
        <p class="say" role="status"></p>
        <div class="tools">
            <button type="button" value="Home" aria-label="First step"></button>
            <button type="button" value="ArrowLeft" aria-label="Step back"></button>
            <button type="button" value=" " aria-label="Play"></button>
            <button type="button" value="ArrowRight" aria-label="Step forward"></button>
            <button type="button" value="End" aria-label="Last step"></button>
            <input type="range" min="0" aria-label="Step"><span class="count"></span>
        </div>
        <div class="lanes">
            <div class="names" aria-hidden="true"></div>
            <div class="scroller" role="group" aria-label="Timeline"><svg aria-hidden="true"></svg></div>
        </div>
        <details><summary>All steps in words</summary></details>`;
    const ROW = 26;

    /** All actors and mailboxes after some steps. Stepping back means starting over, which is too quick to notice. */
    class World {
        constructor({ actors, boxes, replies }) {
            this.replies = replies;
            this.actors = actors.map((name) => set({ name, longest: "" }, "absent", "not there yet"));
            this.boxes = boxes.map((box) => ({ ...box, owner: box.owner ?? 0, inside: [], outside: [], most: 0, mostOutside: 0 }));
        }

        /** @param {any[]} step @param {string} sentence the step in words, from which the actor's box has its own */
        take([, who, , kind, a, b, c], sentence) {
            const { actors, boxes } = this;
            const me = actors[who];
            // Most kinds name a mailbox first, "received" second.
            const box = boxes[a] ?? boxes[b];
            const words = sentence.slice(sentence.indexOf(me.name.slice(1)) + me.name.length).replace(/\.$/, "");
            const wake = (key) => actors.forEach((actor) => actor.waits.includes(key) && set(actor, "ready"));
            const admit = (message) => boxes.forEach((box) => (box.outside = box.outside.filter((other) => other !== message)));

            if (!/stuck|cut|leaked/.test(kind)) {
                // There is one thread: who ran before has lost its turn.
                actors.forEach((actor) => actor.tone === "running" && set(actor, "ready"));
                delete me.answer;
                if (!/ended|failed/.test(me.tone)) {
                    set(me, "running");
                }
            }
            switch (kind) {
                case "spawn":
                    set(actors[a], "ready");
                    break;
                case "sent":
                    admit(b);
                    box.inside = box.kind === "mpsc" ? [...box.inside, b] : [b];
                    wake("mail" + a);
                    wake("change" + a);
                    break;
                case "blocked":
                    box.outside.push(b);
                    set(me, "full", `waits: ${box.name} is full`, ["slot" + a, "place" + b]);
                    break;
                case "refused":
                    admit(b);
                    break;
                case "cancelled":
                    admit(a[2]);
                    break;
                case "asked":
                    set(me, "asks", words, ["answer" + a]);
                    break;
                case "waits": {
                    const keys = a.flatMap(([what, of]) => [of].flat().map((id) => what + id));
                    if (/mail/.test(keys)) {
                        delete me.hand;
                    }
                    set(me, /slot/.test(keys) ? "full" : /answer/.test(keys) ? "asks" : "waits", words, keys);
                    break;
                }
                case "received":
                    if (a === "mail") {
                        me.hand = c;
                        box.inside = box.inside.filter((message) => message !== c);
                        wake("place" + box.outside[0]);
                    } else if (a === "answer" && c) {
                        me.answer = b;
                    } else if (a === "permit") {
                        box.inside.push(...Array(c).fill(-1));
                    }
                    break;
                case "replied":
                    if (b) {
                        actors[this.replies[a][1]].answer = a;
                    }
                // falls through
                case "noreply":
                    wake("answer" + a);
                    break;
                case "released":
                    box.inside.splice(-b);
                    wake("permit" + a);
                    break;
                case "rxdrop":
                    box.inside = [];
                    wake("slot" + a);
                // falls through
                case "closed":
                    box.closed = true;
                    wake("mail" + a);
                    break;
                case "works":
                    set(me, "busy", `busy for ${a} ms`);
                    break;
                case "ended":
                    delete me.hand;
                    set(me, a === "returned" ? "ended" : "failed", a === "returned" ? "ended" : a);
                    wake("tasks" + who);
                    break;
                case "panicked":
                    set(me, "failed", words);
                    break;
                case "leaked":
                    set(me, "leaked", words);
                    break;
                case "stuck":
                    this.stuck = this.chain();
            }
            boxes.forEach((box) => {
                box.most = Math.max(box.most, box.inside.length);
                box.mostOutside = Math.max(box.mostOutside, box.outside.length);
            });
        }

        /** Who waits for whom: a circle, which names its first one twice, or else all that main waits for. */
        chain() {
            const of = { slot: (box) => this.boxes[box].owner, answer: (reply) => this.replies[reply][2], tasks: Number };
            const next = (id) => this.actors[id].waits.map((key) => of[key.replace(/\d+/, "")]?.(/\d+/.exec(key))).find((other) => other in this.actors);
            const ways = this.actors.map((_, id) => {
                const way = [id];
                while ((id = next(id)) >= 0 && way.push(id) === new Set(way).size);
                return way;
            });
            return ways.find((way) => way[1] >= 0 && way.at(-1) === way[0]) ?? ways[0];
        }
    }

    /** A run, gone through once: its end, and what the lanes show. */
    class Run {
        /** From where to where messages went, and answers: [step, actor, step, actor]. */
        messages = [];
        answers = [];

        constructor(section) {
            this.section = section;
            this.items = [...section.querySelectorAll("li")];
            this.data = JSON.parse(section.querySelector("script").textContent);
            const { actors, ev, pieces, msgs } = this.data;
            this.pieces = pieces.map(([first, count, text, length, without = []]) => ({ first, count, text, length, without }));
            this.end = new World(this.data);
            this.bars = actors.map(() => []);
            const sent = [];
            const replied = [];
            ev.forEach((step, at) => {
                const [, who, , kind, a, b, c] = step;
                try {
                    this.end.take(step, this.items[at].textContent);
                } catch (error) {
                    throw Error(`step ${at + 1}: ${error.message}`);
                }
                if (kind === "sent") {
                    sent[b] = [at, who];
                } else if (kind === "replied") {
                    replied[a] = [at, who];
                } else if (a === "mail" && sent[c]) {
                    this.messages.push([...sent[c], at, who]);
                } else if (a === "answer" && replied[b]) {
                    this.answers.push([...replied[b], at, who]);
                }
                this.end.actors.forEach(({ tone }, id) => {
                    const lane = this.bars[id];
                    if (lane.at(-1)?.tone !== tone) {
                        lane.push({ tone, from: at, id });
                    }
                    lane.at(-1).to = at + 1;
                });
            });
            // A mailbox's messages that nobody has taken lead to its owner's end.
            this.left = this.end.boxes.flatMap(({ inside, owner }) => inside.flatMap((id) => (sent[id] ? [[...sent[id], ev.length - 1, owner]] : [])));
            this.widest = longest(msgs).length;
        }
    }

    class ActorTrace extends HTMLElement {
        #runs = [];
        #run;
        #step = 0;
        #column = 20;
        #timer = 0;
        /** Questions that were answered or passed. */
        #passed = new Set();
        /** The question that was just answered: it stays while its outcome is shown. */
        #answered;
        /** @type {any[]} */
        questions = [];

        connectedCallback() {
            if (this.#run || /\/print(\.html)?$/.test(location.pathname)) {
                return;
            }
            const sections = [...this.querySelectorAll(":scope > section")];
            try {
                this.#runs = sections.map((section) => new Run(section));
            } catch (error) {
                this.prepend(make("p", "damaged", `This recording is damaged: ${error.message}. What happened, in words:`));
            }
            if (this.#runs[0]) {
                this.#build(sections);
            }
        }

        disconnectedCallback() {
            clearInterval(this.#timer);
            mark.remove();
        }

        #build(sections) {
            this.questions = [...this.querySelectorAll("check-yourself")];
            const label = this.getAttribute("label") ?? "A recorded run";
            this.role = "group";
            this.ariaLabel = label;
            this.innerHTML = FRAME;
            /** @type {any[]} */
            const [title, choice, range, svg, transcript] = [".title", "fieldset", "input", "svg", "details"].map((css) => this.querySelector(css));
            this.parts = Object.fromEntries(["about", "stage", "say", "where", "count", "lanes", "names", "scroller"].map((name) => [name, this.querySelector("." + name)]));
            Object.assign(this.parts, { range, svg, play: this.querySelector("[value=' ']") });
            this.parts.lanes.before(...this.questions);
            title.textContent = label;
            transcript.append(...sections);
            choice.hidden = !sections[1];
            const name = `actor-trace ${groups++}`;
            choice.firstChild.textContent = this.getAttribute("choice") ?? "Run";
            this.#runs.forEach((run) => {
                const radio = Object.assign(make("input"), { type: "radio", name, checked: run === this.#runs[0] });
                radio.addEventListener("change", () => this.#pick(run, true));
                choice.append(make("label", "", radio, make("span", "", run.section.dataset.label)));
            });
            this.#listen();
            this.#pick(this.#runs[0]);
        }

        #listen() {
            const { range, where, svg, scroller } = this.parts;
            const keys = { ArrowLeft: () => this.#go(this.#step - 1), ArrowRight: () => this.#go(this.#step + 1), Home: () => this.#go(0), End: () => this.#go(Infinity), " ": () => this.#toggle() };
            const on = (kind, act) => this.addEventListener(kind, act);
            on("click", ({ target }) => keys[target.closest(".tools button")?.value]?.());
            // The arrow keys turn mdBook's pages: not in here.
            on("keydown", (event) => {
                const { key, target, altKey, ctrlKey, metaKey } = event;
                if (!altKey && !ctrlKey && !metaKey && /^(Arrow.*|Home|End| )$/.test(key)) {
                    event.stopPropagation();
                    if (keys[key] && !target.matches(key === " " ? "button, summary, label input, form *" : "input, form *")) {
                        event.preventDefault();
                        keys[key]();
                    }
                }
            });
            on("answered", ({ target }) => {
                this.#passed.add((this.#answered = target));
                this.#go(this.stops.find(([stop, question]) => question === target && stop === this.#step + 1)?.[0] ?? this.#step);
            });
            range.addEventListener("input", () => this.#go(+range.value));
            where.addEventListener("click", () => this.#place()[0].scrollIntoView({ block: "center" }));
            const scrub = ({ clientX }) => this.#go(Math.floor((clientX - svg.getBoundingClientRect().left) / this.#column));
            svg.addEventListener("click", scrub);
            svg.addEventListener("pointerdown", ({ pointerId }) => svg.setPointerCapture(pointerId));
            svg.addEventListener("pointermove", (event) => event.buttons && scrub(event));
            new ResizeObserver(() => this.#draw()).observe(scroller);
        }

        #pick(run, byReader = false) {
            this.#run = run;
            const { about, range, say, names, where } = this.parts;
            const { section, items, data } = run;
            this.#runs.forEach((other) => (other.section.hidden = other !== run));
            about.textContent = section.querySelector("p").textContent;
            range.max = data.ev.length - 1;
            say.dataset.longest = longest(items.map((item) => item.textContent));
            run.shown ??= shown(this, run.pieces);
            where.hidden = !run.shown.size;
            names.replaceChildren(...data.actors.map((name) => make("span", "", name)));
            /** Before which step each question of this run is asked. */
            this.stops = this.questions.flatMap((question) => {
                const [kind, nth = 1] = question.getAttribute("at").split(" ");
                const step = [...data.ev.keys()].filter((at) => data.ev[at][3] === kind)[nth - 1];
                question.hidden = true;
                return step && [null, section.dataset.label].includes(question.getAttribute("run")) ? [[step, question]] : [];
            });
            this.#step = 0;
            this.#draw();
            this.#go(0, byReader);
        }

        #go(step, byReader = true, playing = false) {
            const { say, range, count, svg, scroller, where } = this.parts;
            const { data, items } = this.#run;
            const last = data.ev.length - 1;
            const before = this.#step;
            step = this.#step = Math.max(0, Math.min(last, step));
            let covered = last + 1;
            for (const [stop, question] of this.stops) {
                question.hidden = step !== stop - 1 && !(step === stop && question === this.#answered);
                if (step >= stop || question.hasAttribute("answered")) {
                    this.#passed.add(question);
                } else if (!this.#passed.has(question)) {
                    covered = Math.min(covered, stop);
                }
            }
            if (!playing || covered === step + 1) {
                this.#pause();
            }
            this.#show(before);

            const time = data.ev[last][0] ? `${data.ev[step][0]} ms` : "";
            say.replaceChildren(make("span", "", items[step].textContent, covered === step + 1 && step < last ? make("b", "", " What happens next?") : ""));
            range.value = step;
            range.ariaValueText = `step ${step + 1} of ${last + 1} ${time}`;
            count.replaceChildren(`${step + 1} / ${last + 1}`, make("span", "", time));
            const x = step * this.#column;
            svg.querySelector(".head").setAttribute("x", x);
            svg.querySelector(".veil").setAttribute("transform", `translate(${covered * this.#column})`);
            if (x < scroller.scrollLeft || x > scroller.scrollLeft + scroller.clientWidth - 40) {
                scroller.scrollLeft = x - scroller.clientWidth / 3;
            }
            this.querySelector("[aria-current]")?.removeAttribute("aria-current");
            items[step].ariaCurrent = "step";

            const place = this.#place();
            where.textContent = place ? place[0].textContent.split("\n")[place[1]].trim() : "";
            where.disabled = !place;
            if (byReader) {
                mark.remove();
            }
            if (byReader && place) {
                const { lineHeight, paddingTop } = getComputedStyle(place[0]);
                place[0].before(mark);
                mark.style.height = lineHeight;
                mark.style.top = `${place[0].offsetTop + parseFloat(paddingTop) + place[1] * parseFloat(lineHeight)}px`;
            }
        }

        #toggle() {
            if (this.#timer) {
                return this.#pause();
            }
            const last = this.#run.data.ev.length - 1;
            if (this.#step === last) {
                this.#go(0);
            }
            this.parts.play.ariaLabel = "Pause";
            // A screen reader would be cut off by the next sentence, and the next.
            this.parts.say.ariaLive = "off";
            this.#timer = setInterval(() => this.#go(this.#step + 1, true, this.#step + 1 < last), Math.max(150, Math.min(1100, 60000 / last)));
        }

        #pause() {
            clearInterval(this.#timer);
            this.#timer = 0;
            this.parts.play.ariaLabel = "Play";
            this.parts.say.ariaLive = null;
        }

        /** The boxes. Messages come from where they were at the step `before`. */
        #show(before) {
            const { stage } = this.parts;
            const { data, end, items } = this.#run;
            const world = new World(data);
            data.ev.slice(0, this.#step + 1).forEach((step, at) => world.take(step, items[at].textContent));
            const rects = () => [...stage.querySelectorAll(".chip")].map((chip) => [chip, chip.getBoundingClientRect()]);
            const old = Object.fromEntries(rects().map(([chip, rect]) => [chip.dataset.key, rect]));
            const cards = world.actors.map(({ name, tone, words, hand, answer }, id) => {
                const tray = make("span", "tray", hand >= 0 ? chip("m" + hand, data.msgs[hand]) : "", answer >= 0 ? chip("r" + answer, world.replies[answer][3] ?? "an answer", "reply") : "");
                const said = make("span", "", make("span", "", words));
                said.dataset.longest = end.actors[id].longest;
                const boxes = world.boxes.flatMap((box, at) => (box.owner === id ? [this.#mailbox(box, end.boxes[at])] : []));
                return make("div", `actor ${tone} ${world.stuck?.includes(id) ? "stuck" : ""}`, make("p", "name", name, tray), make("p", "state", make("i", "bar"), said), ...boxes);
            });
            const isLarge = (card) => card.querySelector(".mailbox");
            stage.replaceChildren(make("div", "small", ...cards.filter((card) => !isLarge(card))), make("div", "large", ...cards.filter(isLarge)));
            if (end.stuck) {
                const chain = end.stuck.flatMap((id, at) => [make("b", "", end.actors[id].name), at < end.stuck.length - 1 ? ` ${end.actors[id].words} → ` : ""]);
                // Always there, so that nothing below has to move.
                stage.append(make("p", world.stuck ? "chain" : "chain later", make("strong", "", "Stuck"), ...chain));
            }
            if (Math.abs(this.#step - before) === 1 && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
                const sender = this.#step > before && cards[data.ev[this.#step][1]].getBoundingClientRect();
                for (const [chip, { x, y }] of rects()) {
                    const from = old[chip.dataset.key] ?? (sender || { x, y });
                    chip.animate([{ translate: `${from.x - x}px ${from.y - y}px` }, { translate: "0 0" }], { duration: 350, easing: "ease-in-out" });
                }
            }
        }

        /** A mailbox, with as many places as it ever needs: up to ten are drawn. */
        #mailbox({ name, cap, owner, inside, outside, closed }, { most, mostOutside }) {
            const { data, widest } = this.#run;
            const places = cap && cap <= 10 ? cap : Math.min(most, 10);
            const slots = Array.from({ length: places + Math.min(mostOutside, 10) }, (_, at) => {
                const message = at < places ? inside[at] : outside[at - places];
                const slot = make("span", at < places ? "slot" : "slot outside", message < 0 ? "taken" : message >= 0 ? chip("m" + message, data.msgs[message]) : "");
                slot.classList.toggle("empty", message === undefined);
                return slot;
            });
            const filled = `${name.replace(data.actors[owner] + "'s ", "")}: ${inside.length} ${cap ? `of ${cap}` : "(unbounded)"}${closed ? ", closed" : ""}`;
            const mailbox = make("div", cap ? "mailbox" : "mailbox open", make("p", "filled", filled), make("div", "slots", ...slots));
            mailbox.style.setProperty("--label", `${Math.min(widest, 22)}ch`);
            return mailbox;
        }

        /** The lanes: one an actor, one column a step. */
        #draw() {
            const { svg, scroller, names } = this.parts;
            const { data, bars, messages, answers, left, end } = this.#run;
            const count = data.ev.length;
            const width = scroller.clientWidth / count;
            const w = (this.#column = width < 14 ? 18 : Math.min(48, width));
            const top = data.ev[count - 1][0] ? 22 : 6;
            const height = top + bars.length * ROW + 4;
            const y = (lane) => top + (lane + 0.5) * ROW;
            const path = (style, parts) => draw("path", { class: style, d: parts.join("") });
            const line = ([from, lane, to, other]) => `M${(from + 0.5) * w} ${y(lane)}L${(to + 0.5) * w} ${y(other)}`;
            const dot = ([, , to, other]) => `M${(to + 0.5) * w} ${y(other)}h0`;
            const bar = (tone) => path(tone, bars.flat().flatMap((bar) => (bar.tone === tone ? [`M${bar.from * w} ${y(bar.id)}H${bar.to * w}`] : [])));
            const band = (x, width, height, style) => draw("rect", { class: style, x: x * w, width: width * w, height });
            // Where time moves on.
            const moments = [...data.ev.keys()].filter((at) => top > 6 && data.ev[at][0] !== data.ev[at - 1]?.[0]);

            scroller.tabIndex = width < 14 ? 0 : -1;
            svg.style.touchAction = width < 14 ? "pan-x pan-y" : "pan-y";
            svg.setAttribute("width", count * w);
            svg.setAttribute("height", height);
            names.style.paddingTop = `${top}px`;
            svg.replaceChildren(
                ...moments.flatMap((at, nth) => {
                    const columns = (moments[nth + 1] ?? count) - at;
                    const text = `${data.ev[at][0]} ms`;
                    return [band(at, columns, nth % 2 && height, "band"), draw("text", { x: at * w + 4, y: 14 }, columns * w > text.length * 7 ? text : "")];
                }),
                band(count - 1, 1, end.stuck ? height : 0, "stuck"),
                ...["ready", "waits", "asks", "full", "leaked", "busy", "running", "ended", "failed"].map(bar),
                path("line", [...messages, ...left].map(line)),
                path("dot", [...messages, ...left].map(dot)),
                path("dot hollow", left.map(dot)),
                path("line reply", answers.map(line)),
                path("dot reply", answers.map(dot)),
                draw("g", { class: "veil" }, band(0, count, height, ""), draw("text", { x: 8, y: y(0) + 5 }, "?")),
                band(0, 1, height, "head"),
            );
            this.#go(this.#step, false, this.#timer > 0);
        }

        /** The code block that shows the line of this step, and which of its lines it is. */
        #place() {
            const run = this.#run;
            const line = run.data.ev[this.#step][2];
            for (const [{ first, count, without }, [code, at]] of run.shown) {
                if (line >= first && line < first + count + without.length) {
                    return [code, at + line - first - without.filter((other) => other < line).length];
                }
            }
        }
    }

    /** Where the page shows each piece of a listing: a code block may show several; of several blocks it is the last before the trace. */
    function shown(trace, pieces) {
        const found = new Map();
        for (const code of document.querySelectorAll("main pre > code")) {
            const lines = code.textContent.replace(/\n$/, "").split("\n");
            for (let at = 0; at < lines.length; at++) {
                const piece = pieces.find(({ text, count, length }) => text === lines[at] && length === lines.slice(at, at + count).join("").length);
                if (piece) {
                    if (!found.has(piece) || code.compareDocumentPosition(trace) & 4) {
                        found.set(piece, [code, at]);
                    }
                    at += piece.count - 1;
                }
            }
        }
        return found;
    }

    function longest(texts) {
        return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), "");
    }

    function set(actor, tone, words = tone, waits = []) {
        return Object.assign(actor, { tone, words, waits, longest: longest([actor.longest, words]) });
    }

    function chip(key, label, style = "") {
        const chip = make("code", `chip ${style}`, label);
        chip.dataset.key = key;
        chip.title = label;
        return chip;
    }

    function make(tag, style = "", ...content) {
        const element = document.createElement(tag);
        element.className = style;
        element.append(...content);
        return element;
    }

    function draw(tag, attributes, ...content) {
        const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
        Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
        element.append(...content);
        return element;
    }

    /** Recordings on the page that have been built: each has radio buttons of its own. */
    let groups = 0;

    /** The running line, marked in the listing of whichever recording was moved last. */
    const mark = make("span", "running-line");
    mark.ariaHidden = "true";

    customElements.define("actor-trace", ActorTrace);
})();
