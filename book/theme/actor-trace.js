// @ts-check
// <actor-trace label="An ask" choice="Callers">: plays recorded runs, one <section> each. A <check-yourself at="blocked 2" run="10 callers">
// is asked before the second step of that kind, in the run of that label or in all; what follows is covered until then.
// The count of steps is a link to the one that is shown, #run=an-ask-10-callers&step=9.
(() => {
    "use strict";

    const FRAME = `<div class="top"><p class="title"></p><fieldset class="choice"><legend></legend></fieldset></div>
        <p class="about"></p>
        <div class="stage"></div>
        <button class="where" title="Show this line in the listing; Back leads here again"></button>
        <p class="say" role="status"></p>
        <div class="tools">
            <button value="Home" aria-label="First step"></button>
            <button value="ArrowLeft" aria-label="Step back"></button>
            <button value=" " class="play" aria-label="Play"></button>
            <button value="ArrowRight" aria-label="Step forward"></button>
            <button value="End" aria-label="Last step"></button>
            <input type="range" class="range" min="0" aria-label="Step"><a class="count" title="Link to this step"></a>
        </div>
        <div class="lanes">
            <div class="names" aria-hidden="true"></div>
            <div class="scroller" role="group" aria-label="Timeline"><svg class="chart" aria-hidden="true"></svg></div>
        </div>
        <details class="words"><summary>All steps in words</summary></details>`;
    const ROW = 26;

    /** A run as tokio-traced/README.md describes it, and what is seen after each step. */
    class Run {
        constructor(section) {
            this.section = section;
            this.items = [...section.querySelectorAll("li")];
            const data = JSON.parse(section.querySelector("script").textContent);
            Object.assign(this, data);
            const after = (before, changes) => Object.assign([...before], changes);
            let actors = data.actors.map(() => ["absent"]);
            let boxes = data.boxes.map(() => [[], []]);
            this.states = data.steps.map(([, who, , , newActors, newBoxes], at) => {
                if (!this.items[at] || !data.actors[who]) {
                    throw Error(`step ${at + 1}`);
                }
                actors = after(actors, newActors);
                boxes = after(boxes, newBoxes);
                return { actors, boxes };
            });
            this.last = data.steps.length - 1;
            // What needs most room.
            this.longest = actors.map((_, id) => longest(this.states.map(({ actors }) => actors[id][1] ?? "")));
            this.most = boxes.map((_, id) => [0, 1].map((side) => Math.max(...this.states.map(({ boxes }) => boxes[id][side].length))));
            this.widest = Math.min(longest(data.labels.slice(0, data.answers)).length, 22);
        }
    }

    class ActorTrace extends HTMLElement {
        #runs = [];
        #run;
        #step = 0;
        #column;
        #place;
        #timer;
        /** It stays while its outcome is shown. */
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
            removeEventListener("hashchange", this.#follow);
            clearInterval(this.#timer);
            mark.remove();
        }

        #build(sections) {
            const label = this.getAttribute("label");
            this.role = "group";
            // A click on anything in it, and the keys are its own.
            this.tabIndex = -1;
            this.ariaLabel = label;
            this.questions = [...this.querySelectorAll("check-yourself")];
            this.innerHTML = FRAME;
            /** @type {any} */
            const parts = (this.parts = Object.fromEntries([...this.querySelectorAll("[class]")].map((part) => [part.getAttribute("class"), part])));
            parts.lanes.before(...this.questions);
            parts.title.textContent = label;
            parts.words.append(...sections);
            parts.choice.hidden = !sections[1];
            parts.choice.firstChild.textContent = this.getAttribute("choice");
            const name = `actor-trace ${groups++}`;
            this.#runs.forEach((run) => {
                const radio = Object.assign(make("input"), { type: "radio", name, checked: run === this.#runs[0] });
                radio.addEventListener("change", () => this.#pick(run, true));
                parts.choice.append(make("label", "", radio, make("span", "", run.section.dataset.label)));
            });
            this.#listen();
            // A run that a click brought shows its first line at once.
            this.#pick(this.#runs[0], document.readyState === "complete");
            this.#follow();
        }

        /** Shows the step that the page's address names, if it is one of these runs. */
        #follow = () => {
            const link = new URLSearchParams(location.hash.slice(1));
            const at = this.#runs.findIndex((run) => this.#id(run) === link.get("run"));
            if (at >= 0) {
                this.parts.choice.querySelectorAll("input")[at].checked = true;
                this.#pick(this.#runs[at]);
                this.#go(link.get("step") - 1 || 0);
                this.scrollIntoView({ block: "center" });
            }
        };

        #id({ section }) {
            const words = [this.getAttribute("label"), this.#runs[1] ? section.dataset.label : ""].join(" ").toLowerCase();
            return words.match(/[a-z0-9]+/g)?.join("-");
        }

        #listen() {
            const { range, where, count, chart, scroller } = this.parts;
            addEventListener("hashchange", this.#follow);
            const keys = {
                Home: () => this.#go(0),
                ArrowLeft: () => this.#go(this.#step - 1),
                ArrowRight: () => this.#go(this.#step + 1),
                End: () => this.#go(Infinity),
                " ": () => {
                    const on = !this.#timer;
                    if (this.#step === this.#run.last) {
                        this.#go(0);
                    }
                    this.#play(on);
                },
            };
            const on = (kind, act, element = this) => element.addEventListener(kind, act);
            on("click", ({ target }) => keys[target.value]?.());
            on("keydown", (event) => {
                const { key, target, altKey, ctrlKey, metaKey } = event;
                if (keys[key] && !altKey && !ctrlKey && !metaKey) {
                    // The arrow keys turn mdBook's pages: not in here.
                    event.stopPropagation();
                    if (!target.matches(key === " " ? "button, summary, label input, form *" : "input, form *")) {
                        event.preventDefault();
                        keys[key]();
                    }
                }
            });
            on("answered", ({ target }) => {
                this.#answered = target;
                target.passed = true;
                this.#go(this.stops.find(([stop, question]) => question === target && stop === this.#step + 1)?.[0] ?? this.#step);
            });
            on("input", () => this.#go(+range.value), range);
            on("click", () => {
                this.#go(this.#step);
                // The browser's Back leads to this step again.
                history.replaceState(null, "", count.href);
                history.pushState(null, "", location.href.split("#")[0]);
                mark.scrollIntoView({ block: "center" });
            }, where);
            // A projector's page is zoomed.
            const scrub = ({ clientX }) => this.#go(Math.floor((clientX - chart.getBoundingClientRect().left) / this.#column / (chart.currentCSSZoom ?? 1)));
            on("click", scrub, chart);
            on("pointerdown", ({ pointerId }) => chart.setPointerCapture(pointerId), chart);
            on("pointermove", (event) => event.buttons && scrub(event), chart);
            new ResizeObserver(() => this.#draw()).observe(scroller);
        }

        #pick(run, byReader = false) {
            this.#run = run;
            const { about, range, say, names, where } = this.parts;
            const { section, items, steps } = run;
            this.#runs.forEach((other) => (other.section.hidden = other !== run));
            about.textContent = section.querySelector("p").textContent;
            range.max = run.last;
            say.dataset.longest = longest(items.map((item) => item.textContent));
            run.places ??= shown(this, run.pieces);
            where.hidden = !run.places.length;
            names.replaceChildren(...run.actors.map((name) => make("span", "", name)));
            // Before which step each question is asked.
            this.stops = this.questions.flatMap((question) => {
                const [kind, nth = 1] = question.getAttribute("at").split(" ");
                const step = [...steps.keys()].filter((at) => steps[at][3] === kind)[nth - 1];
                question.hidden = true;
                return step && [null, section.dataset.label].includes(question.getAttribute("run")) ? [[step, question]] : [];
            });
            this.#step = 0;
            this.#draw(byReader);
        }

        #go(step, byReader = true, playing = false) {
            const { say, range, count, chart, scroller, where } = this.parts;
            const { steps, items, places, stuck, last } = this.#run;
            const before = this.#step;
            step = this.#step = Math.max(0, Math.min(last, step));
            let covered = last + 1;
            for (const [stop, question] of this.stops) {
                question.hidden = step !== stop - 1 && !(step === stop && question === this.#answered);
                question.passed ||= step >= stop || question.hasAttribute("answered");
                covered = question.passed ? covered : Math.min(covered, stop);
            }
            if (!playing || covered === step + 1) {
                this.#play(false);
            }
            this.#show(before);

            const time = steps[last][0] ? moment(steps[step][0]) : "";
            say.replaceChildren(make("span", "", items[step].textContent, covered === step + 1 && step < last ? make("b", "", " What happens next?") : ""));
            range.value = step;
            range.ariaValueText = `step ${step + 1} of ${last + 1} ${time}`;
            count.href = `#run=${this.#id(this.#run)}&step=${step + 1}`;
            count.replaceChildren(`${step + 1} / ${last + 1}`, make("span", "", time));
            const x = step * this.#column;
            chart.querySelector(".head").setAttribute("x", x);
            chart.querySelector(".veil").setAttribute("transform", `translate(${covered * this.#column})`);
            if (x < scroller.scrollLeft || x > scroller.scrollLeft + scroller.clientWidth - 40) {
                scroller.scrollLeft = x - scroller.clientWidth / 3;
            }
            items.forEach((item, at) => (item.ariaCurrent = at === step ? "step" : null));

            // At "Stuck": where the first of those that wait for each other waits.
            const waits = (id) => steps.findLast(([, who, , kind]) => who === id && kind !== "stuck")?.[2];
            const lines = steps[step][3] === "stuck" ? stuck.map(waits) : [steps[step][2]];
            const [code, line] = (this.#place = places[lines.find((line) => places[line])] ?? []);
            where.textContent = code?.textContent.split("\n")[line].trim();
            where.disabled = !code;
            if (byReader) {
                mark.remove();
                if (code) {
                    const { lineHeight, paddingTop } = getComputedStyle(code);
                    code.before(mark);
                    mark.style = `height: ${lineHeight}; top: calc(${code.offsetTop}px + ${paddingTop} + ${line} * ${lineHeight})`;
                    // A long file scrolls by itself.
                    code.parentElement.scrollTop = mark.offsetTop - code.parentElement.clientHeight / 2;
                }
            }
        }

        #play(on) {
            const { last } = this.#run;
            clearInterval(this.#timer);
            this.#timer = on && setInterval(() => this.#go(this.#step + 1, true, this.#step + 1 < last), Math.max(150, Math.min(1100, 60000 / last)));
            this.parts.play.ariaLabel = on ? "Pause" : "Play";
            // Each sentence would cut a screen reader off.
            this.parts.say.ariaLive = on ? "off" : null;
        }

        /** Messages come from where they were at the step `before`. */
        #show(before) {
            const { stage } = this.parts;
            const { actors, boxes, steps, states, stuck, longest, widest, last } = this.#run;
            const state = states[this.#step];
            const rects = () => [...stage.querySelectorAll(".chip")].map((chip) => [chip, chip.getBoundingClientRect()]);
            const old = Object.fromEntries(rects().map(([chip, rect]) => [chip.dataset.key, rect]));
            const cards = state.actors.map(([tone, words = tone, tray = []], id) => {
                const said = make("span", "", make("span", "", words));
                said.dataset.longest = longest[id];
                const name = make("p", "name", actors[id], make("span", "tray", ...tray.map((label) => this.#chip(label))));
                const mailboxes = boxes.flatMap(({ owner }, at) => (owner === id ? [this.#mailbox(at, state.boxes[at])] : []));
                return make("div", `actor ${tone} ${this.#step === last && stuck.includes(id) ? "stuck" : ""}`, name, make("p", "state", make("i", "bar"), said), ...mailboxes);
            });
            stage.style = `--label: ${widest}ch`;
            const isLarge = (card) => card.querySelector(".mailbox");
            stage.replaceChildren(make("div", "small", ...cards.filter((card) => !isLarge(card))), make("div", "large", ...cards.filter(isLarge)));
            if (this.#step === last && stuck[1] >= 0) {
                stage.append(arrows(stuck.map((id) => cards[id])));
            }
            if (Math.abs(this.#step - before) === 1 && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
                const sender = this.#step > before && cards[steps[this.#step][1]].getBoundingClientRect();
                for (const [chip, { x, y }] of rects()) {
                    const from = old[chip.dataset.key] ?? (sender || { x, y });
                    chip.animate([{ translate: `${from.x - x}px ${from.y - y}px` }, { translate: "0 0" }], { duration: 350, easing: "ease-in-out" });
                }
            }
        }

        /** With as many slots as it ever needs, one to ten. */
        #mailbox(id, [inside, outside, closed]) {
            const { name, cap } = this.#run.boxes[id];
            const [most, mostOutside] = this.#run.most[id];
            const usual = cap && cap <= 10 ? cap : Math.max(1, Math.min(most, 10));
            const slots = Array.from({ length: usual + Math.min(mostOutside, 10) }, (_, at) => {
                const label = at < usual ? inside[at] : outside[at - usual];
                const style = `slot ${at < usual ? "" : "outside"} ${label === undefined ? "empty" : ""}`;
                return make("span", style, label >= 0 ? this.#chip(label) : "");
            });
            const filled = `${name}: ${inside.length} ${cap ? `of ${cap}` : cap === 0 ? "" : "(unbounded)"}${closed ? ", closed" : ""}`;
            return make("div", cap ? "mailbox" : "mailbox open", make("p", "filled", filled), make("div", "slots", ...slots));
        }

        #chip(id) {
            const { labels, answers } = this.#run;
            const chip = make("code", id < answers ? "chip" : "chip reply", labels[id]);
            chip.dataset.key = id;
            chip.title = labels[id];
            return chip;
        }

        /** The lanes: one an actor, one column a step. */
        #draw(byReader = false) {
            const { chart, scroller, names } = this.parts;
            const { actors, steps, states, ways, stuck, last } = this.#run;
            const count = last + 1;
            const width = scroller.clientWidth / count;
            const w = (this.#column = width < 14 ? 18 : Math.min(48, width));
            const top = steps[last][0] ? 22 : 6;
            const height = top + actors.length * ROW + 4;
            const y = (lane) => top + (lane + 0.5) * ROW;
            const path = (style, parts) => `<path class="${style}" d="${parts.join("")}"/>`;
            const rect = (style, at, columns) => `<rect class="${style}" x="${at * w}" width="${columns * w}" height="${height}"/>`;
            const text = (x, y, words) => `<text x="${x}" y="${y}">${words}</text>`;
            const is = (tone, id, at) => states[at]?.actors[id][0] === tone;
            const bar = (tone) =>
                path(tone, actors.flatMap((_, id) => steps.map((_, at) => (is(tone, id, at) ? `${is(tone, id, at - 1) ? "" : `M${at * w} ${y(id)}`}h${w}` : ""))));
            const way = (style, shape) =>
                path(`${shape} ${style}`, ways.map(([kind, from, lane, to, other]) => {
                    const end = `${(to + 0.5) * w} ${y(other)}`;
                    return kind !== style ? "" : shape === "line" ? `M${(from + 0.5) * w} ${y(lane)}L${end}` : `M${end}h0`;
                }));
            // Where time moves on.
            const moments = [...steps.keys()].filter((at) => top > 6 && steps[at][0] !== steps[at - 1]?.[0]);

            scroller.tabIndex = width < 14 ? 0 : -1;
            chart.style.touchAction = width < 14 ? "pan-x pan-y" : "pan-y";
            chart.setAttribute("width", count * w);
            chart.setAttribute("height", height);
            names.style.paddingTop = `${top}px`;
            chart.innerHTML = [
                ...moments.map((at, nth) => {
                    const columns = (moments[nth + 1] ?? count) - at;
                    const words = moment(steps[at][0]);
                    return (nth % 2 ? rect("band", at, columns) : "") + (columns * w > words.length * 7 ? text(at * w + 4, 14, words) : "");
                }),
                stuck[0] >= 0 ? rect("stuck", last, 1) : "",
                ...["ready", "waits", "asks", "full", "leaked", "busy", "running", "ended", "failed"].map(bar),
                ...["mail", "left", "reply"].flatMap((style) => ["line", "dot", "hole"].map((shape) => way(style, shape))),
                `<g class="veil">${rect("", 0, count)}${text(8, y(0) + 5, "?")}</g>`,
                rect("head", 0, 1),
            ].join("");
            this.#go(this.#step, byReader, !!this.#timer);
        }
    }

    /** By line of the listing: the code block that shows it (of several the last before the trace), and where in it. */
    function shown(trace, pieces) {
        const places = [];
        for (const code of document.querySelectorAll("main pre > code")) {
            const lines = code.textContent.replace(/\n$/, "").split("\n");
            for (let at = 0; at < lines.length; at++) {
                const [, , numbers = []] = pieces.find(([text, length, { length: count }]) => text === lines[at] && length === lines.slice(at, at + count).join("").length) ?? [];
                numbers.forEach((number, nth) => {
                    if (!places[number] || code.compareDocumentPosition(trace) & 4) {
                        places[number] = [code, at + nth];
                    }
                });
                at += Math.max(0, numbers.length - 1);
            }
        }
        return places;
    }

    /** An arrow from each card to the next: who waits for whom. */
    function arrows(cards) {
        const REACH = 14;
        const box = ({ offsetLeft: x, offsetTop: y, offsetWidth: w, offsetHeight: h }) => ({ x: [x, x + w], y: [y, y + h] });
        const lines = cards.slice(1).map((card, nth) => {
            const [a, b] = [cards[nth], card].map(box);
            if (card === cards[nth]) {
                const [x, y, h] = [a.x[1] - REACH, a.y[0] + 0.45 * card.offsetHeight, 0.4 * card.offsetHeight];
                return `M${x} ${y}c${-2 * h} 0 ${-2 * h} ${h} 0 ${h}${head(x, y + h, 0)}`;
            }
            /** From border to border along one axis. */
            const ends = (axis) => (b[axis][0] > a[axis][0] ? [a[axis][1] - REACH, b[axis][0] + REACH] : [a[axis][0] + REACH, b[axis][1] - REACH]);
            /** Straight, where they face each other; there and back are two lines. */
            const straight = (axis, there, back, isBack) => {
                const [start, end] = [Math.max(a[axis][0], b[axis][0]), Math.min(a[axis][1], b[axis][1])];
                return start < end && Array(2).fill(start + (end - start) * (isBack ? back : there));
            };
            const y = straight("y", 0.3, 0.7, b.x[0] < a.x[0]);
            const x = !y && straight("x", 0.5, 0.58, b.y[0] < a.y[0]);
            const [[x1, x2], [y1, y2]] = [x || ends("x"), y || ends("y")];
            const aside = x || y ? 0 : Math.sign(y2 - y1) * 8;
            return `M${x1 + aside} ${y1}L${x2 + aside} ${y2}${head(x2 + aside, y2, Math.atan2(y2 - y1, x2 - x1))}`;
        });
        const holder = make("div", "waits-for");
        holder.innerHTML = `<svg aria-hidden="true"><path d="${lines.join("")}"/></svg>`;
        return holder;
    }

    /** Of an arrow that comes to this point at this angle. */
    function head(x, y, angle) {
        return [-0.5, 0.5].map((turn) => `M${x} ${y}l${-10 * Math.cos(angle + turn)} ${-10 * Math.sin(angle + turn)}`).join("");
    }

    /** Milliseconds as people say them: "250 ms", "12.5 s", "1 h 10 min". */
    function moment(time) {
        if (+time < 10000) {
            return `${+time} ms`;
        }
        const [hours, minutes, seconds] = [Math.floor(time / 3600000), Math.floor(time / 60000) % 60, (time % 60000) / 1000];
        return [[hours, "h"], [minutes, "min"], [seconds, "s"]].filter(([count]) => count).map((part) => part.join(" ")).join(" ");
    }

    function longest(texts) {
        return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), "");
    }

    function make(tag, style = "", ...content) {
        const element = document.createElement(tag);
        element.className = style;
        element.append(...content);
        return element;
    }

    let groups = 0;

    /** The line of whichever recording moved last. */
    const mark = make("span", "running-line");
    mark.ariaHidden = "true";

    customElements.define("actor-trace", ActorTrace);
})();
