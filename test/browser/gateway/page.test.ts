import {existsSync} from 'node:fs';
import {chromium, type Browser} from 'playwright-core';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startFakeEngine} from '../../fakes/engine/start.ts';
import {chat, startGateway, upstreamOf} from '../../integration/gateway/rig.ts';
import {needs} from '../../support/needs.ts';

const executablePath = '/usr/bin/chromium';
const QUIET = [
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking',
  '--disable-component-update --disable-sync',
].flatMap((flags) => flags.split(' '));

describe.skipIf(!needs(existsSync(executablePath), 'Chromium (/usr/bin/chromium)'))(
  'the page of the gateway',
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({executablePath, args: QUIET});
    });
    afterAll(() => browser.close());

    it.each([
      ['en', 'Requests'],
      ['zh-CN', '请求'],
    ])('asks for the key, then shows the state (%s)', async (locale, heading) => {
      await using engine = await startFakeEngine();
      await using gateway = await startGateway();
      await gateway.order({order: 'route', upstream: upstreamOf(engine)});
      await (await chat(gateway, {stream: true})).text();
      const page = await browser.newPage({locale});
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      await page.goto(gateway.url);
      await page.locator('#key').fill('sk-berth-wrong');
      await page.locator('#ask button').click();
      await page.locator('#problem').waitFor({state: 'visible'});
      await page.locator('#key').fill(gateway.key);
      await page.locator('#ask button').click();
      await page.locator('#board').waitFor({state: 'visible'});
      await page.locator('#model', {hasText: 'fake-model'}).waitFor();
      expect(await page.locator('#ok').textContent()).toBe('1');
      expect(await page.locator('h2').first().textContent()).toContain(heading);
      expect(page.url()).not.toContain(gateway.key);
      expect(problems).toEqual([]);
      if (process.env.BERTH_SCREENSHOTS) {
        await page.screenshot({path: `${process.env.BERTH_SCREENSHOTS}/page-${locale}.png`});
      }
      await page.close();
    });
  },
);
