/** The whole way of a new installation, from the set-up link to the end of a session, without a mouse. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { Agent } from '../fixtures/agent.ts';
import { freePort } from '../fixtures/server.ts';
import { expect, test as base } from '../fixtures/test.ts';
import { tabTo } from '../lib/focus.ts';
import { serverProgram } from '../lib/places.ts';
import { pick } from '../lib/picker.ts';
import { Program, until } from '../lib/program.ts';
import { SessionView } from '../pages/session.page.ts';

const ADMINISTRATOR = { name: 'Olga Owner', email: 'olga@northwind.example', password: 'violet harbour seven lamps' };
const TECHNICIAN = { name: 'Theo Technician', email: 'theo@northwind.example', password: 'green bicycle under rain' };
const ROOM = { tenant: 'northwind', id: 'fjord', name: 'Fjord', enrolment: '' };

/** An installation in which nobody has done anything yet. */
class Installation {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly server: Program,
  ) {}

  private agent: Agent | undefined;

  static async start(folder: string): Promise<Installation> {
    mkdirSync(join(folder, 'data'), { recursive: true });
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const args = ['run', '--data-dir', join(folder, 'data'), '--listen', `127.0.0.1:${port}`, '--public-url', url];
    const installation = new Installation(url, folder, new Program('the server', serverProgram(), args, { log: join(folder, 'server.log') }));
    try {
      await installation.setupLink();
    } catch (error) {
      await installation.stop();
      throw error;
    }
    return installation;
  }

  /** The link that the first start prints. */
  setupLink(): Promise<string> {
    return until('the set-up link', () => {
      if (this.server.ended) throw new Error(`the server ended:\n${this.server.printed()}`);
      return /http:\/\/\S+\/setup#\S+/.exec(this.server.printed())?.[0];
    });
  }

  /** The console of the room, on its first start. */
  startAgent(enrolment: string): Agent {
    this.agent = new Agent(this.folder, { ...ROOM, enrolment }, {});
    this.agent.start();
    return this.agent;
  }

  async stop(): Promise<void> {
    await this.agent?.stop();
    await this.server.stop();
  }
}

const test = base.extend<{ installation: Installation }>({
  installation: async ({ folder }, use) => {
    const installation = await Installation.start(folder);
    await use(installation);
    await installation.stop();
  },
});

const button = (scope: Page | Locator, name: string) => scope.getByRole('button', { name, exact: true });

async function press(target: Locator): Promise<void> {
  await tabTo(target);
  await target.page().keyboard.press('Enter');
}

async function type(target: Locator, text: string): Promise<void> {
  await tabTo(target);
  await target.page().keyboard.type(text);
}

test('a new installation is set up, a console approved, somebody gets a role and a session, and loses both', async ({ browser, contextOptions, installation }) => {
  test.slow();
  const windowOf = async () => (await browser.newContext({ ...contextOptions, baseURL: installation.url })).newPage();
  const administrator = await windowOf();
  const technician = await windowOf();
  const settings = administrator.getByRole('navigation', { name: 'Settings' });
  const steps = administrator.getByRole('heading', { level: 2 });

  await test.step('the set-up link makes the first administrator', async () => {
    await administrator.goto(await installation.setupLink());
    await type(administrator.getByLabel('Organisation'), 'Northwind');
    await type(administrator.getByLabel('Your name'), ADMINISTRATOR.name);
    await type(administrator.getByLabel('Email'), ADMINISTRATOR.email);
    await type(administrator.getByLabel('Password', { exact: true }), ADMINISTRATOR.password);
    await administrator.keyboard.press('Enter');
    await expect(administrator.getByRole('heading', { name: 'Rooms', level: 1 })).toBeVisible();
  });

  await test.step('a room is added, and its console approved after its key was compared', async () => {
    await press(button(administrator, 'Add room'));
    const dialog = administrator.getByRole('dialog', { name: 'Add room' });
    await type(dialog.getByLabel('Name'), ROOM.name);
    await type(dialog.getByLabel('Place'), 'Norway/Oslo');
    await administrator.keyboard.press('Enter');
    const command = dialog.locator('code').first();
    await expect(command).toContainText('redring1.');
    const agent = installation.startAgent((await command.innerText()).split(' ').at(-1)!);
    await press(dialog.getByRole('link', { name: 'Compare and approve' }));
    const shown = (await administrator.locator('.fingerprint').innerText()).split(/\s+/).filter(Boolean).join(' ');
    expect(shown).toBe(agent.status('key fingerprint'));
    await tabTo(administrator.getByRole('checkbox', { name: 'The console shows exactly these eight groups' }));
    await administrator.keyboard.press('Space');
    await press(button(administrator, 'Approve'));
    await expect(administrator.getByText('The console is approved.')).toBeVisible();
  });

  await test.step('remote access is enabled, and somebody acknowledges it', async () => {
    await press(administrator.getByRole('link', { name: 'Settings', exact: true }));
    await press(settings.getByRole('link', { name: 'Remote access' }));
    await tabTo(administrator.getByRole('switch', { name: 'Enable remote access' }));
    await administrator.keyboard.press('Space');
    await type(administrator.getByLabel('E-mail address of the person who acknowledges'), ADMINISTRATOR.email);
    await press(button(administrator, 'Save'));
    await expect(administrator.getByText('Remote access is enabled for your organisation.').first()).toBeVisible();
  });

  const link = await test.step('a person is added', async () => {
    await press(settings.getByRole('link', { name: 'Users and groups' }));
    await press(button(administrator, 'Add user'));
    const dialog = administrator.getByRole('dialog', { name: 'Add user' });
    await type(dialog.getByLabel('Name'), TECHNICIAN.name);
    await type(dialog.getByLabel('Email'), TECHNICIAN.email);
    await administrator.keyboard.press('Enter');
    const invitation = dialog.locator('code');
    await expect(invitation).toContainText('/welcome#');
    const link = await invitation.innerText();
    await press(button(dialog, 'Close').first());
    return link;
  });

  await test.step('a custom role with Remote access: Modify goes to the person for one room', async () => {
    await press(settings.getByRole('link', { name: 'Roles' }));
    await press(administrator.getByRole('link', { name: 'Create role' }).first());
    await type(administrator.getByLabel('Name'), 'Console technicians');
    await press(button(administrator, 'Next'));
    await expect(steps.filter({ hasText: 'Permissions' })).toBeFocused();
    const modify = administrator.getByRole('group', { name: 'Remote access' }).getByRole('checkbox', { name: 'Modify' });
    await tabTo(modify);
    await administrator.keyboard.press('Space');
    await press(button(administrator, 'Next'));
    await type(administrator.getByLabel('Name of the assignment'), 'Fjord');
    await press(button(administrator, 'Next'));
    await pick(administrator, 'Search people and groups', TECHNICIAN.name, /Theo Technician/);
    await press(button(administrator, 'Next'));
    await pick(administrator, 'Search rooms, room groups and places', ROOM.name, /Fjord/);
    await press(button(administrator, 'Next'));
    await press(button(administrator, 'Finish'));
    await press(button(administrator, 'Save'));
    await expect(administrator.getByRole('heading', { name: 'Console technicians', level: 1 })).toBeFocused();
  });

  const session = new SessionView(technician, ROOM);
  await test.step('the person takes up the invitation and starts a session', async () => {
    await technician.goto(link);
    await type(technician.getByLabel('Password', { exact: true }), TECHNICIAN.password);
    await technician.keyboard.press('Enter');
    await expect(technician.getByRole('heading', { name: 'Rooms', level: 1 })).toBeVisible();
    await press(technician.getByRole('link', { name: ROOM.name }));
    await press(technician.getByRole('tab', { name: 'Overview' }));
    await technician.keyboard.press('ArrowRight');
    await technician.keyboard.press('Enter');
    await expect(button(technician, 'Start session')).toBeEnabled();
    await press(button(technician, 'Start session'));
    await session.expectConnected();
  });

  await test.step('the administrator removes the assignment, and the session ends with the reason', async () => {
    await press(button(administrator, 'Remove Fjord'));
    const dialog = administrator.getByRole('dialog', { name: 'Remove Fjord?' });
    await press(button(dialog, 'Remove assignment'));
    await expect(technician.getByRole('status').filter({ hasText: 'Ended: Your access to this room was removed.' })).toBeVisible({ timeout: 2000 });
    await expect(administrator.getByText('Nobody has this role yet.')).toBeVisible();
  });

  await administrator.context().close();
  await technician.context().close();
});
