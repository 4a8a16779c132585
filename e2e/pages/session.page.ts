import { expect, type Locator, type Page } from '@playwright/test';
import type { Room } from '../fixtures/server.ts';
import { Picture } from '../lib/picture.ts';

export type DisplayName = 'Console' | 'Front of room 1' | 'Front of room 2';

/** The session view: its toolbar, its status and its picture. */
export class SessionView {
  constructor(
    readonly page: Page,
    private readonly room: Room,
  ) {}

  async expectConnected(): Promise<void> {
    await expect(this.status).toContainText('Connected');
    await expect(this.overlay).toHaveCount(0);
  }

  get status(): Locator {
    return this.page.getByRole('status').filter({ hasText: /^(Connecting|Connected|Reconnecting|Ended)/ });
  }

  /** What the session may do: `View` or `Modify`. */
  get access(): Locator {
    return this.page.getByText(/^(View|Modify)$/);
  }

  /** What is said over the picture, or instead of it. */
  get overlay(): Locator {
    return this.page.locator('.session-overlay');
  }

  get canvas(): Locator {
    return this.page.locator('canvas').and(this.page.getByLabel(/^Picture of /));
  }

  canvasOf(display: DisplayName): Locator {
    return this.page.locator('canvas').and(this.page.getByLabel(`Picture of ${display} in ${this.room.name}`));
  }

  async picture(): Promise<Picture> {
    return Picture.of(this.canvas);
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  get restartAtEnd(): Locator {
    return this.page.getByRole('switch', { name: 'Restart at end' });
  }

  /** Gives the keyboard to the console. */
  async focusPicture(): Promise<void> {
    await this.page.getByRole('textbox', { name: /^Keyboard of / }).focus();
  }

  /** Where a pixel of the display is in the page. */
  async place(display: { width: number; height: number }, x: number, y: number): Promise<{ x: number; y: number }> {
    const box = await this.canvas.boundingBox();
    if (!box) throw new Error('the picture is not shown');
    // The picture keeps its shape inside the canvas, in the middle.
    const scale = Math.min(box.width / display.width, box.height / display.height);
    const left = box.x + (box.width - display.width * scale) / 2;
    const top = box.y + (box.height - display.height * scale) / 2;
    return { x: left + (x + 0.5) * scale, y: top + (y + 0.5) * scale };
  }

  /** Puts the caret into the notes of a simulated console. */
  async clickNotes(): Promise<void> {
    const { x, y } = await this.place({ width: 1280, height: 800 }, 910, 560);
    await this.page.mouse.click(x, y);
  }

  /** Touches a pixel of a simulated console. */
  async touch(x: number, y: number): Promise<void> {
    const place = await this.place({ width: 1920, height: 1080 }, x, y);
    await this.page.mouse.click(place.x, place.y);
  }

  async selectDisplay(name: DisplayName): Promise<void> {
    await this.button('Displays').click();
    await this.page.getByRole('radio', { name }).click();
    await expect(this.canvasOf(name)).toBeVisible();
  }

  async useShortcut(name: string): Promise<void> {
    await this.button('Shortcut commands').click();
    await this.page.getByRole('menuitem', { name, exact: true }).click();
  }

  async restartDevice(): Promise<void> {
    await this.button('Restart device').click();
    await this.button('Restart now').click();
  }

  async end(): Promise<void> {
    await this.button('End session').click();
    await this.button('End now').click();
  }

  async expectEnded(): Promise<void> {
    await expect(this.status).toContainText('Ended');
  }
}
