import { PASSWORD, people } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';
import { SessionView } from '../pages/session.page.ts';

test('a whole session works with the keyboard alone, and the focus is never lost', async ({ page, server, room, startAgent }) => {
  await startAgent();
  const keys = page.keyboard;
  const expectFocus = (role: 'button' | 'heading' | 'link' | 'menuitem' | 'radio' | 'switch' | 'tab' | 'textbox', name: string | RegExp) =>
    expect(page.getByRole(role, { name, exact: true }).and(page.locator(':focus')), `the focus on ${name}`).toHaveCount(1);

  await test.step('sign in and find the room', async () => {
    await page.goto(server.url);
    await expect(page.getByLabel('Email')).toBeFocused();
    await keys.type(people.technician.email);
    await keys.press('Tab');
    await keys.type(PASSWORD);
    await keys.press('Enter');
    await expectFocus('heading', 'Rooms');
    await expect(page.getByRole('searchbox')).toBeVisible();
    await keys.press('/');
    await keys.type(room.name);
    // The head of the table and the one room.
    await expect(page.getByRole('row')).toHaveCount(2);
    await keys.press('ArrowDown');
    await expectFocus('link', room.name);
    await keys.press('Enter');
    await expectFocus('heading', room.name);
  });

  await test.step('start the session', async () => {
    await keys.press('Tab');
    await expectFocus('tab', 'Overview');
    await keys.press('ArrowRight');
    await keys.press('Enter');
    await expect(page.getByRole('button', { name: 'Start session' })).toBeEnabled();
    await expectFocus('tab', 'Remote access');
    await keys.press('Tab');
    await expectFocus('button', 'Start session');
    await keys.press('Enter');
  });

  const session = new SessionView(page, room);
  await session.expectConnected();
  await expectFocus('textbox', 'Keyboard of Console');

  await test.step('leave the picture and choose a display', async () => {
    await keys.press('Control+Alt+Shift+K');
    await expectFocus('button', 'Displays');
    await keys.press('Enter');
    await expectFocus('radio', /^Console/);
    await keys.press('ArrowRight');
    await keys.press('Enter');
    await expectFocus('button', 'Displays');
    await expect(session.canvasOf('Front of room 1')).toBeVisible();
    await keys.press('Enter');
    await expectFocus('radio', /^Front of room 1/);
    await keys.press('Escape');
    await expectFocus('button', 'Displays');
    await keys.press('Enter');
    await expectFocus('radio', /^Front of room 1/);
    await keys.press('Tab');
    await expectFocus('button', 'Enter full screen');
    await expect(page.getByRole('radio')).toHaveCount(0);
  });

  await test.step('use a shortcut command and the dialog behind one', async () => {
    await keys.press('ArrowRight');
    await keys.press('Enter');
    await expectFocus('menuitem', 'Ctrl+Alt+Del');
    await keys.press('ArrowDown');
    await keys.press('Enter');
    await expectFocus('button', 'Shortcut commands');
    await keys.press('Enter');
    await expectFocus('menuitem', 'Ctrl+Alt+Del');
    await keys.press('End');
    await keys.press('ArrowUp');
    await keys.press('Enter');
    await expectFocus('textbox', 'Text');
    await keys.press('Escape');
    await expectFocus('button', 'Shortcut commands');
  });

  await test.step('end the session', async () => {
    await keys.press('ArrowRight');
    await expectFocus('button', 'Restart device');
    await keys.press('Enter');
    await expectFocus('button', 'Cancel');
    await keys.press('Enter');
    await keys.press('ArrowRight');
    await expectFocus('switch', 'Restart at end');
    await keys.press('Space');
    await expect(session.restartAtEnd).not.toBeChecked();
    await keys.press('ArrowRight');
    await expectFocus('link', 'Help');
    await keys.press('ArrowRight');
    await keys.press('Enter');
    await expectFocus('button', 'Stay connected');
    await keys.press('Tab');
    await keys.press('Enter');
    await expectFocus('button', 'Close');
    await keys.press('Enter');
    await expectFocus('button', 'Start session');
  });
});
