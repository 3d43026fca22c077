import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Scheme } from './webhook-source.js';

/** A source as it is stored; what the database fills in by itself is not inserted. */
@Entity('webhook_sources')
export class WebhookSourceEntity {
  @PrimaryColumn('uuid', { name: 'org_id' }) orgId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  @Column('text') scheme: Scheme;
  @Column({ type: 'text', name: 'applies_to', insert: false }) appliesTo: string;
  @Column({ type: 'boolean', insert: false }) enabled: boolean;
  @Column('integer', { name: 'limit_per_minute' }) limitPerMinute: number;
  @Column({ type: 'timestamptz', name: 'created_at', insert: false }) createdAt: Date;
  @Column({ type: 'timestamptz', name: 'updated_at', insert: false }) updatedAt: Date;
  @Column({ type: 'timestamptz', name: 'removed_at', insert: false, nullable: true }) removedAt: Date | null;
}
