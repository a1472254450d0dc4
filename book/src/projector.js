// @ts-check
// The page for a projector: key `p` shows one section on a screen, in large type and without the sidebar; a run, a question and an
// exercise have a screen of their own. PageDown and PageUp turn it, as clickers do, and go on to the next chapter. Answers and hints
// are hidden until they are asked for. Nothing is moved: what is not on the screen is not displayed. `theme/page.js` loads this when it is
// asked for.
(() => {
    "use strict";

    const main = document.querySelector("main");
    if (!main) {
        return;
    }
    const root = document.documentElement;
    const ALONE = "actor-trace, check-yourself, exercise-check";
    const FITTED = "pre, .table-wrapper, .side-by-side, .drawing, actor-trace";
    /** Parts of the usual size, the largest that fits is taken. Smaller code cannot be read from the last row; a run's letters are
     * larger, and it fills the screen. */
    const SIZES = { code: [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7], run: [1.4, 1.3, 1.2, 1.1, 1, 0.9, 0.8, 0.75, 0.7, 0.65, 0.6] };
    /** @type {HTMLElement[][]} */
    let screens = [];
    let at = 0;
    const count = document.createElement("p");
    count.className = "projector-count";
    count.setAttribute("role", "status");

    const isOn = () => root.classList.contains("projector");
    /** What a screen holds: below it stands the count. */
    const room = () => innerHeight - 2 * parseFloat(getComputedStyle(main).paddingTop);
    /** @param {HTMLElement[]} elements */
    const height = (elements) => {
        const boxes = elements.map((element) => element.getBoundingClientRect()).filter((box) => box.height > 0);
        return boxes.length ? Math.max(...boxes.map((box) => box.bottom)) - Math.min(...boxes.map((box) => box.top)) : 0;
    };

    /** A heading begins a screen, and what no longer fits begins the next one; a heading is never alone. */
    function divide() {
        screens = [];
        /** @type {HTMLElement[]} */
        let screen = [];
        const end = () => {
            if (screen.length) {
                screens.push(screen);
            }
            screen = [];
        };
        const isHeading = (/** @type {Element | undefined} */ element) => element?.matches("h1, h2, h3, h4") ?? false;
        for (const element of /** @type {HTMLElement[]} */ ([...main.children])) {
            const isAlone = element.matches(ALONE);
            // Code may become a little smaller, to stand below its sentence.
            const gives = element.matches("pre") ? element.getBoundingClientRect().height * 0.2 : 0;
            const isFull = screen.length > 0 && height([...screen, element]) - gives > room();
            if (isHeading(element) ? !isHeading(screen.at(-1)) : (isAlone || isFull) && !isHeading(screen.at(-1))) {
                end();
            }
            screen.push(element);
            if (isAlone) {
                end();
            }
        }
        end();
        // Scripts and comments have no height.
        screens = screens.filter((screen) => height(screen) > 0);
    }

    /** Makes code smaller, and a run as large as the screen. */
    function fit() {
        const screen = screens[at];
        for (const element of screen.filter((part) => part.matches(FITTED))) {
            const kind = element.matches("actor-trace") ? "run" : "code";
            const lines = kind === "run" ? [] : [element, ...element.querySelectorAll("pre > code, :scope > code")];
            const isWide = () => lines.some((box) => box.scrollWidth > box.clientWidth);
            element.classList.remove("wraps");
            // One by one: lines are broken in other places in another size.
            for (const size of SIZES[kind]) {
                element.style.zoom = String(size);
                if (height(screen) <= room() && !isWide()) {
                    break;
                }
            }
            // What is too wide even so, such as a compiler's message.
            element.classList.toggle("wraps", isWide());
        }
    }

    /** @param {number} screen */
    function show(screen) {
        at = Math.max(0, Math.min(screens.length - 1, screen));
        screens.forEach((elements, index) => elements.forEach((element) => element.classList.toggle("off-screen", index !== at)));
        count.textContent = `${at + 1} / ${screens.length}`;
        scrollTo({ top: 0, behavior: "instant" });
        fit();
    }

    /** What was answered or unfolded before is as new. */
    function cover() {
        main.querySelectorAll("details").forEach((details) => (details.open = false));
        for (const question of main.querySelectorAll("check-yourself")) {
            const why = question.querySelector(":scope > details");
            const form = question.querySelector("form");
            if (form && why instanceof HTMLElement) {
                form.reset();
                form.querySelectorAll("input").forEach((input) => (input.checked = false));
                form.dispatchEvent(new Event("change"));
                why.hidden = true;
            }
        }
    }

    function begin() {
        const top = [...main.children].find((element) => element.getBoundingClientRect().bottom > 60);
        cover();
        root.classList.add("projector");
        sessionStorage.setItem("projector", "on");
        main.after(count);
        layOut(top);
    }

    /** Divides the page for this size of window, and shows the screen that holds this part of it.
     * @param {Element | undefined} part */
    function layOut(part) {
        uncover();
        divide();
        show(screens.findIndex((screen) => screen.some((element) => element === part)));
    }

    /** All of the page in its usual size. */
    function uncover() {
        screens.flat().forEach((element) => {
            element.classList.remove("off-screen", "wraps");
            element.style.zoom = "";
        });
    }

    function end() {
        const [first] = screens[at] ?? [];
        root.classList.remove("projector");
        sessionStorage.removeItem("projector");
        count.remove();
        uncover();
        first?.scrollIntoView({ behavior: "instant" });
    }

    /** @param {number} by */
    function turn(by) {
        const next = at + by;
        if (screens[next]) {
            return show(next);
        }
        const link = document.querySelector(`a[rel~="${by > 0 ? "next" : "prev"}"]`);
        if (link instanceof HTMLAnchorElement) {
            location.href = link.href;
        }
    }

    addEventListener("keydown", (event) => {
        const { key, target, altKey, ctrlKey, metaKey } = event;
        const isText = target instanceof Element && target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
        if (altKey || ctrlKey || metaKey || isText) {
            return;
        }
        if (key === "p") {
            isOn() ? end() : begin();
        } else if (isOn() && key === "Escape") {
            end();
        } else if (isOn() && (key === "PageDown" || key === "PageUp")) {
            event.preventDefault();
            turn(key === "PageDown" ? 1 : -1);
        }
    });

    // A link inside of the page.
    addEventListener("hashchange", () => {
        const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
        const screen = screens.findIndex((elements) => elements.some((element) => element.contains(target)));
        if (isOn() && target && screen >= 0) {
            show(screen);
        }
    });

    addEventListener("resize", () => isOn() && layOut(screens[at]?.[0]));
    // Another run of a player has another height.
    main.addEventListener("change", () => isOn() && fit());

    // It is loaded by the key, and from one chapter to the next.
    const loaded = new Promise((loaded) => (document.readyState === "complete" ? loaded(null) : addEventListener("load", loaded)));
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `${path_to_root}projector.css` });
    style.addEventListener("load", () => loaded.then(begin));
    document.head.append(style);
})();
