/** Devices in, typed readings out. */

export type {
  DeviceKind,
  DeviceRow,
  FoundDevice,
  OpenLink,
  OpenRadio,
  OpenReceiver,
  OpenSensor,
  Query,
  RadioContext,
  RadioKind,
  RadioSite,
  ReceiverHint,
  ReceiverKind,
  SensorKind,
  SerialAddress,
  TlsFiles,
} from "./devices/device-kind.ts";
export {
  DEVICE_KINDS,
  kindOf,
  RADIOS,
  type RadioSettings,
  RECEIVERS,
  type ReceiverSettings,
  SENSORS,
  type SensorSettings,
} from "./devices/registry.ts";
export { type Identified, identify } from "./discovery/identify.ts";
export { PROBE_PLAN, type ProbePlan, type ProbeStep } from "./discovery/probe-plan.ts";
export { type ProbeOptions, type ProbeOutcome, probePort } from "./discovery/probe-port.ts";
export {
  listSerialDevices,
  runningPrograms,
  type SerialDevice,
  type UsbIdentity,
  usbText,
} from "./discovery/serial-devices.ts";
export * from "./driver.ts";
export type { FixMode, GpsReading, RejectedFix, RfBlock, Satellite, SurveyIn } from "./gps/gps-reading.ts";
export { GPSD_ADDRESS, type GpsdDriver, type GpsdState, type OpenGpsdOptions, openGpsd } from "./gps/gpsd.ts";
export { IntegrityMonitor } from "./gps/integrity/integrity-monitor.ts";
export type {
  IntegrityFinding,
  IntegritySummary,
} from "./gps/integrity/integrity-summary.ts";
export { type OpenNmeaOptions, openNmea } from "./gps/nmea.ts";
export { ROLLOVER_MS as GPS_ROLLOVER_MS } from "./gps/receiver-calendar.ts";
export type { Ecef, Geodetic } from "./gps/rtcm3/geodetic.ts";
export type { LockTime } from "./gps/rtcm3/lock-time.ts";
export { type OpenRtcm3Options, openRtcm3 } from "./gps/rtcm3/rtcm3.ts";
export {
  STATION_QUALITY_THRESHOLDS,
  type StationQuality,
  type StationQualityMarks,
  type StationQualityPeriod,
  type StationQualityThresholds,
  stationQuality,
} from "./gps/rtcm3/station-quality.ts";
export type {
  ObservedSatellite,
  ObservedSignal,
  ReferenceStationReading,
  SignalGap,
  StationEquipment,
  StationPosition,
} from "./gps/rtcm3/station-reading.ts";
export type { DynamicModel } from "./gps/ubx/cfg-legacy.ts";
export type { UbxPort } from "./gps/ubx/config-keys.ts";
export type { UbxSettings } from "./gps/ubx/config-plan.ts";
export type { UbxConfiguration } from "./gps/ubx/configure.ts";
export { type OpenUbxOptions, openUbx, type UbxDriver } from "./gps/ubx/ubx.ts";
export { ConnectionGate } from "./link/connection-gate.ts";
export { ReadingQueue, type ReadingQueueOptions } from "./link/reading-queue.ts";
export { type OpenSerialOptions, openSerial } from "./link/serial-link.ts";
export { type OpenTcpOptions, openTcp } from "./link/tcp-link.ts";
export { type BindUdpOptions, bindUdp } from "./link/udp-socket.ts";
export { type OpenLinuxHealthOptions, openLinuxHealth, quantitiesOf } from "./linux/linux-health.ts";
export type { DiskWear, LinuxReading, NetworkLink } from "./linux/linux-reading.ts";
export {
  DEAF_LIMITS,
  type DeafAssessment,
  type DeafBaseline,
  DeafDetector,
} from "./lora/deaf-detector.ts";
export { GPS_MINUS_UTC_S } from "./lora/gps-time.ts";
export {
  decodeGwmp,
  encodeGwmp,
  type GwmpDatagram,
  type GwmpDecodeError,
  type GwmpDecodeResult,
  type GwmpVersion,
} from "./lora/gwmp-datagram.ts";
export type {
  ChannelCounts,
  ConcentratorState,
  FskFrame,
  HeardFrame,
  LoraFrame,
  LoraRadio,
  LoraReading,
  LoraTransmission,
  LrFhssFrame,
  RadioChainCounts,
  RadioFrame,
  RadioStatus,
  RssiKind,
  TransmitResult,
} from "./lora/lora-reading.ts";
export type { ModemChannel } from "./lora/modem/dialect.ts";
export type { ModemFacts, ModemState } from "./lora/modem/modem-facts.ts";
export { type ModemFault, modemFaultOf } from "./lora/modem/modem-faults.ts";
export type { ModemRadio, OpenModemOptions } from "./lora/modem/modem-radio.ts";
export { type ConcentratorReception, encodePushData, type WrittenStat } from "./lora/push-data-writer.ts";
export {
  type ForwarderState,
  listenSemtechUdp,
  openSemtechUdp,
  type SemtechUdpCounts,
  type SemtechUdpOptions,
  type SemtechUdpRadio,
} from "./lora/semtech-udp.ts";
export { SEMTECH_UDP_LISTEN } from "./lora/semtech-udp-kind.ts";
export {
  type BasicsStationOptions,
  type BasicsStationRadio,
  listenBasicsStation,
  openBasicsStation,
  type StationRefusal,
  type StationState,
} from "./lora/station/basics-station.ts";
export { BASICS_STATION_LISTEN } from "./lora/station/basics-station-kind.ts";
export type {
  StationConnection,
  StationListener,
  StationTrouble,
} from "./lora/station/station-connection.ts";
export type { BasicsStationCounts } from "./lora/station/station-counters.ts";
export type { ListenWebSocketOptions, StationTls } from "./lora/station/websocket-listener.ts";
export { decodeTxpk, type Txpk, type TxpkResult } from "./lora/txpk.ts";
export { encodeTxpkAck, type TxpkAck } from "./lora/txpk-ack.ts";
export type { EnergyEvent, EnergyState } from "./meter/energy-counter.ts";
export { METER_MAPS, type MeterMap, type MeterMapName } from "./meter/maps/maps.ts";
export {
  type MeterDriver,
  type MeterState,
  type OpenModbusOptions,
  type OpenModbusRtuOptions,
  openModbusRtu,
  openModbusTcp,
} from "./meter/meter.ts";
export type { RegisterMap } from "./meter/register-map.ts";
export type { SensorDriver, SensorReading } from "./sensor/sensor-reading.ts";
