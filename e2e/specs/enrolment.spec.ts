/** How a console comes to a room: added, compared, approved, and revoked or set aside. */

import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../fixtures/accessibility.ts';
import { Agent } from '../fixtures/agent.ts';
import { people, type Room } from '../fixtures/server.ts';
import { expect, test as base } from '../fixtures/test.ts';
import { tabTo } from '../lib/focus.ts';
import { until } from '../lib/program.ts';
import { RoomsPage } from '../pages/rooms.page.ts';
import { SessionView } from '../pages/session.page.ts';

/** Rooms that a test adds in the portal, with agents that enrol with the string that the page shows. */
class Enrolments {
  private readonly agents: Agent[] = [];

  constructor(
    readonly page: Page,
    private readonly folder: string,
  ) {}

  /** Adds a room by the keyboard; the dialog with its string stays open. */
  async addRoom(name: string): Promise<Room> {
    await this.page.goto('/rooms');
    await press(button(this.page, 'Add room'));
    await this.dialog.getByLabel('Name').fill(name);
    await this.page.keyboard.press('Enter');
    const command = this.dialog.locator('code').first();
    await expect(command).toContainText('redring-agent run --enrolment redring1.');
    const enrolment = (await command.innerText()).split(' ').at(-1)!;
    return { tenant: 'contoso', id: name.toLowerCase().replaceAll(' ', '-'), name, enrolment };
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog', { name: 'Add room' });
  }

  start(room: Room): Agent {
    const agent = new Agent(join(this.folder, room.id), room, {});
    this.begin(agent);
    return agent;
  }

  /** The same console on another machine. */
  startCopy(agent: Agent, number: number): Agent {
    const copy = agent.copy(join(this.folder, `copy-${number}`));
    this.begin(copy);
    return copy;
  }

  private begin(agent: Agent): void {
    this.agents.push(agent);
    agent.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop()));
  }
}

const test = base.extend<{ enrolments: Enrolments }>({
  enrolments: async ({ pageOf, folder }, use) => {
    const enrolments = new Enrolments(await pageOf('administrator'), folder);
    await use(enrolments);
    await enrolments.stop();
  },
});

const button = (scope: Page | Locator, name: string) => scope.getByRole('button', { name, exact: true });

async function press(target: Locator): Promise<void> {
  await tabTo(target);
  await target.page().keyboard.press('Enter');
}

/** The groups on the page, as the agent prints them. */
async function fingerprintOn(page: Page): Promise<string> {
  return (await page.locator('.fingerprint').innerText()).split(/\s+/).filter(Boolean).join(' ');
}

async function approve(page: Page, room: Room): Promise<void> {
  await page.goto(`/rooms/${room.id}`);
  await page.getByRole('checkbox', { name: 'The console shows exactly these eight groups' }).check();
  await button(page, 'Approve').click();
  await expect(page.getByText('The console is approved.')).toBeVisible();
}

function exitOf(agent: Agent): Promise<number> {
  return until('the agent to exit', () => agent.exitCode);
}

test('a console is compared, approved, used and revoked', async ({ enrolments, pageOf, administer }) => {
  test.slow();
  const administrator = enrolments.page;
  const technician = await pageOf('technician');
  const room = await enrolments.addRoom(`Comparison ${process.pid}`);
  await expect(enrolments.dialog.getByRole('status').filter({ hasText: 'Waiting for the console' })).toBeVisible();
  await expectAccessible(administrator);

  const agent = await test.step('the console shows up while the dialog waits', async () => {
    const agent = enrolments.start(room);
    await expect(enrolments.dialog.getByText('The console is here.')).toBeVisible();
    await press(enrolments.dialog.getByRole('link', { name: 'Compare and approve' }));
    await expect(administrator.getByRole('heading', { name: 'A console waits for approval' })).toBeVisible();
    return agent;
  });

  await test.step('its key is the one that the agent prints, and nobody can use it yet', async () => {
    expect(await fingerprintOn(administrator)).toBe(agent.status('key fingerprint'));
    await until('the agent to say what it waits for', () => agent.status('link').startsWith('waiting for approval') || undefined);
    await expectAccessible(administrator);
    const { users } = await administer('GET', `/users?q=${people.technician.email}`);
    const assignment = { name: room.name, users: [users[0].id], rooms: [room.id] };
    await administer('POST', '/roles', { name: `Technicians of ${room.name}`, permissions: ['remote_access.modify'], assignment });
    await technician.goto(`/rooms/${room.id}/remote-access`);
    await expect(technician.getByText('Waits for approval')).toBeVisible();
    await expect(button(technician, 'Start session')).toHaveAttribute('aria-disabled', 'true');
    await expect(technician.locator('#start-why')).toHaveText(/^This room has no console that is enrolled and approved/);
  });

  await test.step('approving asks for the comparison first', async () => {
    const same = administrator.getByRole('checkbox', { name: 'The console shows exactly these eight groups' });
    await press(button(administrator, 'Approve'));
    await expect(administrator.getByRole('alert').filter({ hasText: 'Compare the groups with the console first' })).toBeVisible();
    await expect(same).toBeFocused();
    await expectAccessible(administrator);
    await administrator.keyboard.press('Space');
    await press(button(administrator, 'Approve'));
    await expect(administrator.getByText('The console is approved.')).toBeVisible();
    await expect(administrator.getByText(/by Ada Admin$/)).toBeVisible();
    await expect(administrator.getByRole('heading', { level: 1 })).toBeFocused();
    await until('the agent to be told', () => agent.status('link') === 'up' || undefined);
  });

  const session = new SessionView(technician, room);
  await test.step('a technician starts a session', async () => {
    await expect(button(technician, 'Start session')).not.toHaveAttribute('aria-disabled', 'true');
    await button(technician, 'Start session').click();
    await session.expectConnected();
  });

  await test.step('revoking says what it does, ends the session and stops the agent', async () => {
    await press(button(administrator, 'Revoke console'));
    const question = administrator.getByRole('dialog', { name: 'Revoke this console?' });
    await expect(question).toContainText('Sessions on it end at once');
    await expectAccessible(administrator);
    await press(button(question, 'Revoke console'));
    await expect(technician.getByRole('status').filter({ hasText: "Ended: This room's console was revoked, replaced or set aside." })).toBeVisible({ timeout: 2000 });
    expect(await exitOf(agent)).toBe(4);
    expect(agent.printed()).toContain('this console is not enrolled any more');
    expect(agent.status('link')).toContain('this console is not enrolled any more');
    await expect(administrator.getByRole('heading', { name: 'No console yet' })).toBeVisible();
    await expect(administrator.getByRole('heading', { level: 1 })).toBeFocused();
  });
});

test('a console that nobody knows is refused', async ({ enrolments, server }) => {
  const page = enrolments.page;
  const room = await enrolments.addRoom(`Refusal ${process.pid}`);
  const agent = enrolments.start(room);
  await enrolments.dialog.getByRole('link', { name: 'Compare and approve' }).click();
  await press(button(page, 'Refuse'));
  const question = page.getByRole('dialog', { name: 'Refuse this console?' });
  await press(button(question, 'Refuse console'));
  await expect(page.getByRole('heading', { name: 'No console yet' })).toBeVisible();
  expect(await exitOf(agent)).toBe(4);
  expect(server.auditOf(room, 'console.refused')).toHaveLength(1);

  await test.step('the string is spent, and the agent says so', async () => {
    const again = enrolments.start({ ...room, id: `${room.id}-again` });
    expect(await exitOf(again)).toBe(3);
    expect(again.printed()).toContain('the string was used or replaced, or is too old');
  });
});

test('the list of rooms counts the consoles that wait', async ({ enrolments }) => {
  const page = enrolments.page;
  const room = await enrolments.addRoom(`Waiting ${process.pid}`);
  await button(enrolments.dialog, 'Close').first().click();
  enrolments.start(room);
  const rooms = new RoomsPage(page);
  await rooms.search(room.name);
  await expect(rooms.row(room.name)).toContainText('Waits for approval');
  const counter = page.getByRole('button', { name: 'Waits for approval' });
  await counter.click();
  await expect(counter).toHaveAttribute('aria-pressed', 'true');
  await expect(rooms.row(room.name)).toBeVisible();
  await expectAccessible(page);
});

test('a console whose disk was copied is set aside until somebody decides', async ({ enrolments, server }) => {
  test.slow();
  const page = enrolments.page;
  const room = await enrolments.addRoom(`Copies ${process.pid}`);
  const agent = enrolments.start(room);
  await expect(enrolments.dialog.getByText('The console is here.')).toBeVisible();
  await approve(page, room);
  const copies: Agent[] = [];
  for (let number = 1; number <= 4; number += 1) {
    const copy = enrolments.startCopy(agent, number);
    copies.push(copy);
    await until('the copy to be linked', () => copy.printed().includes('linked to the server') || undefined);
  }
  await expect(page.getByRole('heading', { name: 'This console was set aside' })).toBeVisible();
  await expect(page.getByText('Unhealthy', { exact: true })).toBeVisible();
  await expectAccessible(page);
  expect(server.auditOf(room, 'console.clone_suspected')).toHaveLength(1);
  expect(agent.printed()).toContain("another agent connected with this console's key");

  await Promise.all(copies.map((copy) => copy.stop()));
  await press(button(page, 'Trust it again'));
  await press(button(page.getByRole('dialog', { name: 'Trust this console again?' }), 'Trust it again'));
  await expect(page.getByRole('heading', { name: 'This console was set aside' })).toHaveCount(0);
  await expect(button(page, 'Revoke console')).toBeVisible();
  expect(server.auditOf(room, 'console.released')).toHaveLength(1);
});
