-- Tables of schema 8 as it was first.

CREATE TABLE facts (name {text} PRIMARY KEY, value {text} NOT NULL)

CREATE TABLE packets (
  id {text} NOT NULL, hotspot_id {text} NOT NULL, type {text} NOT NULL, sequence BIGINT NOT NULL,
  received_at_ms BIGINT NOT NULL, bytes {bytes} NOT NULL, entropy_index BIGINT, beacon_key {text},
  epoch BIGINT, reading_source {text}, reading_at_ms BIGINT)

CREATE UNIQUE INDEX packets_sequence ON packets (hotspot_id, sequence, id)

CREATE INDEX packets_index ON packets (entropy_index) WHERE entropy_index IS NOT NULL

CREATE INDEX packets_epoch ON packets (epoch, hotspot_id, sequence, id)
  WHERE epoch IS NOT NULL

CREATE INDEX packets_reading ON packets (hotspot_id, reading_source, reading_at_ms)
  WHERE reading_source IS NOT NULL

CREATE TABLE hotspots (
  id {text} NOT NULL, from_epoch BIGINT NOT NULL, short_id {text} NOT NULL, public_key {bytes} NOT NULL, cell {text} NOT NULL,
  lat_e7 BIGINT NOT NULL, lon_e7 BIGINT NOT NULL, elevation_m BIGINT NOT NULL, antenna_gain_ddbi BIGINT NOT NULL,
  region {text} NOT NULL, payee {bytes}, registered_at_ms BIGINT NOT NULL, settled_cell {text} NOT NULL,
  relocated_at_ms BIGINT, changed_at_ms BIGINT NOT NULL, evidence {bytes} NOT NULL,
  PRIMARY KEY (id, from_epoch))

CREATE INDEX hotspots_epoch ON hotspots (from_epoch)

CREATE TABLE shown (
  hotspot_id {text} PRIMARY KEY, since_epoch BIGINT, waits_since_ms BIGINT)

CREATE INDEX shown_waiting ON shown (waits_since_ms, hotspot_id)
  WHERE waits_since_ms IS NOT NULL

CREATE INDEX hotspots_short_id ON hotspots (short_id)

CREATE TABLE denials (
  position BIGINT PRIMARY KEY, hotspot {bytes} NOT NULL, peer {bytes}, reason {text} NOT NULL,
  evidence {text} NOT NULL, at_ms BIGINT NOT NULL, from_epoch BIGINT NOT NULL, until_epoch BIGINT NOT NULL,
  message {bytes} NOT NULL)

CREATE TABLE parameters (
  version BIGINT PRIMARY KEY, parameters {text} NOT NULL, message {bytes} NOT NULL)

CREATE TABLE entropy (
  entropy_index BIGINT PRIMARY KEY, at_ms BIGINT NOT NULL, value {bytes} NOT NULL,
  previous_hash {bytes} NOT NULL, period_ms BIGINT NOT NULL, validity_ms BIGINT NOT NULL,
  window_periods BIGINT NOT NULL, window_value {bytes} NOT NULL, message {bytes} NOT NULL)

CREATE TABLE verdicts (
  packet_id {text} PRIMARY KEY, hotspot_id {text} NOT NULL, beacon_key {text} NOT NULL, type {text} NOT NULL,
  outcome {text} NOT NULL, reason {text} NOT NULL, measurements {text} NOT NULL, epoch BIGINT NOT NULL,
  entropy_index BIGINT NOT NULL, judged_at_ms BIGINT NOT NULL)

CREATE INDEX verdicts_epoch ON verdicts (epoch)

CREATE INDEX verdicts_hotspot ON verdicts (hotspot_id, entropy_index, packet_id)

CREATE INDEX verdicts_beacon ON verdicts (beacon_key)

CREATE TABLE beacons (
  beacon_key {text} PRIMARY KEY, beaconer {text} NOT NULL, witnesses {text} NOT NULL, epoch BIGINT NOT NULL,
  entropy_index BIGINT NOT NULL)

CREATE INDEX beacons_epoch ON beacons (epoch)

CREATE TABLE contacts (
  epoch BIGINT NOT NULL, hotspot_id {text} NOT NULL, kind {text} NOT NULL, entropy_index BIGINT NOT NULL,
  PRIMARY KEY (epoch, hotspot_id, kind)){clustered}

CREATE TABLE epochs (
  epoch BIGINT PRIMARY KEY, from_ms BIGINT NOT NULL, to_ms BIGINT NOT NULL, closed_at_ms BIGINT NOT NULL,
  pool {text} NOT NULL, paid {text} NOT NULL, unallocated {text} NOT NULL, root {bytes} NOT NULL,
  manifest_hash {bytes} NOT NULL, parameters_hash {bytes} NOT NULL, registry_hash {bytes} NOT NULL,
  bundle {text} NOT NULL)

CREATE TABLE payments (
  epoch BIGINT NOT NULL, hotspot_id {text} NOT NULL, payee {bytes} NOT NULL, cumulative {text} NOT NULL,
  delta {text} NOT NULL, PRIMARY KEY (epoch, hotspot_id))

CREATE TABLE edges (
  epoch BIGINT NOT NULL, beaconer {text} NOT NULL, witness {text} NOT NULL, heard BIGINT NOT NULL,
  rssi_sum_dbm BIGINT NOT NULL, rssi_sum_squares BIGINT NOT NULL, rssi_min_dbm BIGINT NOT NULL,
  rssi_max_dbm BIGINT NOT NULL, PRIMARY KEY (epoch, beaconer, witness))

CREATE INDEX edges_beaconer ON edges (beaconer)

CREATE INDEX edges_witness ON edges (witness)

CREATE TABLE statuses (
  hotspot_id {text} PRIMARY KEY, at_ms BIGINT NOT NULL, received_at_ms BIGINT NOT NULL, status {text} NOT NULL,
  offline_at_ms BIGINT)
