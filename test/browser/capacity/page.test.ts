import {existsSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {chromium, type Browser} from 'playwright-core';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {capacityPageOf, HOSTILE, pastWith} from '../../support/capacity-page.ts';
import {needs} from '../../support/needs.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const executablePath = '/usr/bin/chromium';

describe.skipIf(!needs(existsSync(executablePath), 'Chromium (/usr/bin/chromium)'))(
  'the page of the capacity report',
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({executablePath, args: ['--no-sandbox', '--disable-gpu']});
    });
    afterAll(() => browser.close());

    it.each([
      ['en', 1000, 'light'],
      ['zh-CN', 380, 'dark'],
    ] as const)(
      'is whole in itself, and a hostile name stays text (%s, %d px, %s)',
      async (language, width, colorScheme) => {
        await using folder = await temporaryFolder();
        const file = join(folder.path, 'report.html');
        await writeFile(file, capacityPageOf(language, pastWith({hostile: true})));
        const page = await browser.newPage({viewport: {width, height: 800}, colorScheme});
        const asked: string[] = [];
        const problems: string[] = [];
        page.on('request', (request) => asked.push(request.url()));
        page.on('console', (message) => problems.push(message.text()));
        await page.goto(pathToFileURL(file).href);
        expect(asked).toEqual([pathToFileURL(file).href]);
        // An inline handler or script would have been refused by the policy, and told here.
        expect(problems).toEqual([]);
        expect(await page.title()).toBe(language === 'en' ? 'Capacity of A processor' : 'A processor 的容量');
        expect(await page.locator('img, script').count()).toBe(0);
        expect(await page.locator('td', {hasText: HOSTILE.name}).count()).toBeGreaterThan(0);
        expect(await page.locator('svg').count()).toBe(6);
        // Nothing sticks out: neither of the window nor of its chart.
        const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        expect(await page.evaluate(wider)).toBe(0);
        const cut = `[...document.querySelectorAll('svg')].flatMap((svg) => {
        const outer = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')].filter((text) => {
          const inner = text.getBoundingClientRect();
          return inner.left < outer.left - 1 || inner.right > outer.right + 1;
        }).map((text) => text.textContent);
      })`;
        expect(await page.evaluate(cut)).toEqual([]);
        const pdf = await page.pdf({format: 'A4'});
        expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
        await page.close();
      },
    );
  },
);
