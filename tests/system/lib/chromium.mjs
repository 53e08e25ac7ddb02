// Pages in Chromium. Each test has a profile of its own, with its own cookies, storage and connections.
import { devtools } from './devtools.mjs';
import { Inbox } from './wait.mjs';

export class Chromium {
  #devtools;
  #profile;

  static async start(t) {
    const browser = new Chromium();
    browser.#devtools = await devtools();
    const { browserContextId } = await browser.#devtools.call('Target.createBrowserContext');
    browser.#profile = browserContextId;
    t.defer(() => browser.#devtools.call('Target.disposeBrowserContext', { browserContextId }));
    return browser;
  }

  // Opens a page and resolves once it is loaded.
  async open(url) {
    const { targetId } = await this.#devtools.call('Target.createTarget', { url: 'about:blank', browserContextId: this.#profile });
    const { sessionId } = await this.#devtools.call('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this.#devtools, sessionId);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.call(`${domain}.enable`);
    await page.go(url);
    return page;
  }
}

class Page {
  #devtools;
  #sessionId;
  #events = new Inbox();

  constructor(devtools, sessionId) {
    this.#devtools = devtools;
    this.#sessionId = sessionId;
    devtools.listen(sessionId, (event) => this.#events.add(event));
  }

  call(method, params) { return this.#devtools.call(method, params, this.#sessionId); }

  // Both resolve when the page is loaded.
  go(url) { return this.#loaded(() => this.call('Page.navigate', { url })); }
  reload() { return this.#loaded(() => this.call('Page.reload')); }

  async #loaded(start) {
    const before = this.#events.items.length;
    await start();
    await this.#events.until((events) => events.slice(before).some(({ method }) => method === 'Page.loadEventFired'));
  }

  // Runs a function in the page: it is sent as text, its arguments and result as JSON, and a promise is awaited.
  async run(body, ...args) {
    const expression = `(${body})(...${JSON.stringify(args)})`;
    const { result, exceptionDetails } = await this.call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  // What DevTools told of one kind of event so far.
  events(name) { return this.#events.items.filter(({ method }) => method === name).map(({ params }) => params); }

  // What a developer would see in red or yellow: exceptions, the console's errors and warnings, and what the browser
  // itself has to say. `source` is 'network' for requests that failed.
  get complaints() {
    return [
      ...this.events('Runtime.exceptionThrown').map(({ exceptionDetails }) =>
        ({ source: 'exception', text: exceptionDetails.exception?.description ?? exceptionDetails.text })),
      ...this.events('Runtime.consoleAPICalled').filter(({ type }) => ['error', 'warning', 'assert'].includes(type))
        .map(({ args }) => ({ source: 'console', text: args.map((arg) => arg.value ?? arg.description).join(' ') })),
      ...this.events('Log.entryAdded').filter(({ entry }) => ['error', 'warning'].includes(entry.level))
        .map(({ entry: { source, text, url } }) => ({ source, text, url })),
    ];
  }
}
