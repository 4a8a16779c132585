import { expect, type Locator, type Page } from '@playwright/test';
import type { Room } from '../fixtures/server.ts';
import { SessionView } from './session.page.ts';

export class RoomPage {
  constructor(
    readonly page: Page,
    private readonly room: Room,
    private readonly origin = '',
  ) {}

  async open(): Promise<void> {
    await this.page.goto(`${this.origin}/rooms/${this.room.id}`);
    await expect(this.page.getByRole('heading', { name: this.room.name, level: 1 })).toBeVisible();
  }

  async openRemoteAccess(): Promise<void> {
    await this.open();
    await this.page.getByRole('tab', { name: 'Remote access' }).click();
    await expect(this.page).toHaveURL(new RegExp(`/rooms/${this.room.id}/remote-access$`));
  }

  get startButton(): Locator {
    return this.page.getByRole('button', { name: 'Start session' });
  }

  async startSession(): Promise<SessionView> {
    await this.startButton.click();
    const session = new SessionView(this.page, this.room);
    await session.expectConnected();
    return session;
  }
}
