// @ts-check
// <check-yourself answer="2">: makes a question to answer of plain Markdown (a question, a list of choices, a <details> with the
// why). Without JavaScript, and on the page that prints the whole book, the Markdown stays as it is: question, list, folded why.
// With it: choices to pick by mouse or keyboard, an answer at once, the why once you have answered. `answer` counts from 1;
// "1,3" says that both are right. A right answer is remembered in localStorage, a wrong one is nobody's business.
(() => {
    "use strict";

    class CheckYourself extends HTMLElement {
        /** @type {HTMLLabelElement[]} */
        #choices = [];
        #right = new Set([""]);
        #feedback = document.createElement("p");
        /** @type {HTMLDetailsElement | null} */
        #why = null;
        #key = "";

        connectedCallback() {
            const list = this.querySelector(":scope > ol, :scope > ul");
            if (!list || /\/print(\.html)?$/.test(location.pathname)) {
                return;
            }
            this.#right = new Set((this.getAttribute("answer") ?? "").split(",").map((number) => number.trim()));
            this.#key = key(this);
            this.#why = this.querySelector(":scope > details");
            this.#choices = [...list.children].map((item, index) => this.#choice(item, String(index + 1)));
            this.#feedback.className = "feedback";
            this.#feedback.setAttribute("role", "status");
            const check = document.createElement("button");
            check.className = "course-button";
            check.textContent = "Check";
            const actions = document.createElement("div");
            actions.className = "actions";
            actions.append(check, this.#feedback);

            // A form, so that Enter in a choice checks it.
            const form = document.createElement("form");
            const choices = document.createElement("fieldset");
            choices.append(this.#legend(list), ...this.#choices);
            form.append(choices, actions);
            list.replaceWith(form);

            form.addEventListener("submit", (event) => {
                event.preventDefault();
                this.#check();
            });
            form.addEventListener("change", () => this.#say("", ""));
            // mdBook turns the page on the arrow keys; in here they move between choices.
            form.addEventListener("keydown", (event) => {
                if (event.key.startsWith("Arrow")) {
                    event.stopPropagation();
                }
            });

            if (remembered(this.#key)) {
                this.#choices.forEach((label) => (input(label).checked = this.#isRight(label)));
                this.#say("right", "✓ Right, as you answered before.");
                this.setAttribute("answered", "");
            } else if (this.#why) {
                this.#why.hidden = true;
            }
        }

        /** The paragraphs just before the choices ask the question; a code block among them stays outside, above.
         * @param {Element} list */
        #legend(list) {
            const legend = document.createElement("legend");
            const before = [...this.children].slice(0, [...this.children].indexOf(list));
            const last = before.findLastIndex((element) => element instanceof HTMLParagraphElement);
            const first = before.slice(0, last + 1).findLastIndex((element) => !(element instanceof HTMLParagraphElement)) + 1;
            for (const paragraph of before.slice(first, last + 1)) {
                const line = document.createElement("span");
                line.append(...paragraph.childNodes);
                legend.append(line);
                paragraph.remove();
            }
            if (this.#right.size > 1) {
                const many = document.createElement("span");
                many.className = "many";
                many.textContent = "More than one is right.";
                legend.append(many);
            }
            return legend;
        }

        /** @param {Element} item @param {string} number */
        #choice(item, number) {
            const label = document.createElement("label");
            const box = document.createElement("input");
            box.type = this.#right.size > 1 ? "checkbox" : "radio";
            box.name = this.#key;
            box.value = number;
            const text = document.createElement("span");
            text.className = "choice";
            text.append(...item.childNodes);
            const mark = document.createElement("span");
            mark.className = "mark";
            label.append(box, " ", text, " ", mark);
            return label;
        }

        #check() {
            const chosen = this.#choices.filter((label) => input(label).checked);
            if (chosen.length === 0) {
                return this.#say("", "Choose an answer first.");
            }
            const wrong = chosen.some((label) => !this.#isRight(label));
            // A guess at what comes next in an <actor-trace>, which goes on now and shows it.
            const isGuess = this.hasAttribute("at");
            if (wrong && isGuess) {
                this.#say("wrong", "✗ Not quite: this is what happens.");
            } else if (wrong) {
                this.#say("wrong", this.#why ? "✗ Not quite. Try again, or read why." : "✗ Not quite. Try again.");
            } else if (chosen.length < this.#right.size) {
                this.#say("wrong", "✗ Right so far, but one is missing.");
            } else {
                this.#say("right", "✓ Right.");
                remember(this.#key);
            }
            if (this.#why) {
                this.#why.hidden = false;
                this.#why.open ||= !isGuess && !wrong && chosen.length === this.#right.size;
            }
            this.dispatchEvent(new Event("answered", { bubbles: true }));
        }

        /** Says how the answer is, and marks what was chosen; marks nothing while the reader is still choosing.
         * @param {"" | "right" | "wrong"} verdict @param {string} text */
        #say(verdict, text) {
            this.#feedback.className = verdict ? `feedback is-${verdict}` : "feedback";
            this.#feedback.textContent = text;
            for (const label of this.#choices) {
                const marked = verdict !== "" && input(label).checked;
                label.classList.toggle("is-right", marked && this.#isRight(label));
                label.classList.toggle("is-wrong", marked && !this.#isRight(label));
                /** @type {Element} */ (label.lastElementChild).textContent = !marked ? "" : this.#isRight(label) ? "✓ right" : "✗ wrong";
            }
        }

        /** @param {HTMLLabelElement} label */
        #isRight(label) {
            return this.#right.has(input(label).value);
        }
    }

    /** @param {HTMLLabelElement} label */
    function input(label) {
        return /** @type {HTMLInputElement} */ (label.control);
    }

    /** Page and a hash of the whole question: a question that is rewritten is a new one.
     * @param {Element} question */
    function key(question) {
        const text = `${question.getAttribute("answer")} ${question.textContent}`;
        const hash = [...text].reduce((sum, letter) => (Math.imul(sum, 31) + (letter.codePointAt(0) ?? 0)) | 0, 0);
        return `check-yourself/${location.pathname.split("/").pop()}/${(hash >>> 0).toString(36)}`;
    }

    // localStorage throws where the reader has switched it off: then nothing is remembered, and nothing else is lost.

    /** @param {string} key */
    function remember(key) {
        try {
            localStorage.setItem(key, "right");
        } catch {}
    }

    /** @param {string} key */
    function remembered(key) {
        try {
            return localStorage.getItem(key) === "right";
        } catch {
            return false;
        }
    }

    customElements.define("check-yourself", CheckYourself);
})();
