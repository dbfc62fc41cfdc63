/**
 * Answers of real nvidia-smi programs, cut to the columns that Berth asks for. Sources:
 * - captures of github.com/utkuozdemir/nvidia_gpu_exporter, internal/captures (UUIDs masked there):
 *   RTX 4080 SUPER, driver 595.71.05; RTX 2080 SUPER, driver 610.57.04; H100 with MIG, driver 590.48.01
 * - NVIDIA/open-gpu-kernel-modules issue 446, NVIDIA/dcgm-exporter issue 84, leptonai/gpud pull request 117:
 *   lines of the kernel's log
 * - the messages of failures: NVIDIA/dcgm-exporter issue 604, JosephKJ/OWOD issue 81, StatCan/aaw issue 1581
 * No output of an RTX 4090 D was found; the 4080 SUPER is the nearest relative (Ada, GeForce, the same driver).
 */

export const CARDS_4080 = `index, uuid, name, driver_version, pci.bus_id, memory.total [MiB], memory.used [MiB], memory.free [MiB], utilization.gpu [%], temperature.gpu, temperature.memory, power.draw [W], power.limit [W], persistence_mode, memory.reserved [MiB], compute_cap, clocks_event_reasons.active, gpu_recovery_action, mig.mode.current
0, GPU-00000000-0000-0000-0000-000000000000, NVIDIA GeForce RTX 4080 SUPER, 595.71.05, 00000000:01:00.0, 16376 MiB, 596 MiB, 15348 MiB, 0 %, 43, N/A, 26.20 W, 320.00 W, Disabled, 434 MiB, 8.9, 0x0000000000000001, None, [N/A]
`;

export const APPS_4080 = `timestamp, gpu_name, gpu_bus_id, gpu_serial, gpu_uuid, pid, process_name, used_gpu_memory [MiB]
2026/06/26 11:59:58.909, NVIDIA GeForce RTX 4080 SUPER, 00000000:01:00.0, [N/A], GPU-00000000-0000-0000-0000-000000000000, 2165, /usr/bin/kwin_wayland, 25 MiB
2026/06/26 11:59:58.909, NVIDIA GeForce RTX 4080 SUPER, 00000000:01:00.0, [N/A], GPU-00000000-0000-0000-0000-000000000000, 5022, ffmpeg, 503 MiB
2026/06/26 11:59:58.909, NVIDIA GeForce RTX 4080 SUPER, 00000000:01:00.0, [N/A], GPU-00000000-0000-0000-0000-000000000000, 5021, ffmpeg, 360 MiB
`;

/** As captured: `pmon -c 1`, whose default columns have no memory. */
export const PMON_4080 = `# gpu         pid   type     sm    mem    enc    dec    jpg    ofa    command 
# Idx           #    C/G      %      %      %      %      %      %    name 
    0       2165   C+G      -      -      -      0      -      -    kwin_wayland   
    0       2496     G      -      -      -      -      -      -    plasma-keyboard
    0       3527     G      -      -      -      -      -      -    xwaylandvideobr
    0       5021     C      0      0     15      -      -      -    ffmpeg         
    0       5022     C      5      1     54      -      -      -    ffmpeg         
`;

/** `pmon -c 1 -s m`: the head as several public parsers quote it, the rows with the memory of the table above. */
export const PMON_MEMORY_4080 = `# gpu         pid   type     fb   ccpm    command 
# Idx           #    C/G     MB     MB    name 
    0       2165   C+G     25      0    kwin_wayland   
    0       2496     G    200      0    plasma-keyboard
    0       2954     G    120      0    plasmashell    
    0       5021     C    360      0    ffmpeg         
    0       5022     C    503      0    ffmpeg         
    1          -     -      -      -    -              
`;

export const VERSION_595 = `NVIDIA-SMI version  : 595.71.05
NVML version        : 595.71
DRIVER version      : 595.71.05
CUDA Version        : 13.2
`;

export const VERSION_610 = `NVIDIA-SMI version  : 610.57.04
NVML version        : 610.57
DRIVER version      : Deprecated, see "KMD version" instead
CUDA version        : Deprecated, see "CUDA UMD version" instead
KMD version         : 610.57.04
CUDA UMD version    : 13.3
`;

export const TABLE_HEAD_550 =
  '| NVIDIA-SMI 550.163.01             Driver Version: 550.163.01     CUDA Version: 12.4     |\n';
export const TABLE_HEAD_610 =
  '| NVIDIA-SMI 610.57.04              KMD Version: 610.57.04     CUDA UMD Version: 13.3     |\n';

export const KERNEL_LOG = `[    4.123456] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  560.35.03
[Fri Mar  3 04:27:08 2023] NVRM: Xid (PCI:0000:61:00): 119, pid=1346198, name=nvidia-smi, Timeout waiting for RPC from GSP! Expected function 103 (GSP_RM_ALLOC) (0x80 0x38).
[Mon Jul 25 16:46:04 2022] NVRM: Xid (PCI:0000:3b:00): 120, pid='<unknown>', name=<unknown>, GSP Error: Task 1 raised error code 0x5 for reason 0x0 at 0x63f01ac (0 more errors skipped)
[Sat Oct 12 18:35:32 2024] NVRM: Xid (PCI:0000:61:00): 45, pid=1496200, name=distprovers-gpu, Ch 0000000a
May 6 00:38:27 alex kernel: [ 4909.922970] NVRM: Xid (0000:01:00): 13, 0005 00000000 0000502d 00000104 00000000 00000100
NVRM: Xid (PCI:0000:10:1c): 63, pid=1896, Row Remapper: New row marked for remapping, reset gpu to activate.
[12345.678901] NVRM: Xid (PCI:0000:01:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
[12345.678902] NVRM: GPU at PCI:0000:01:00.0 has fallen off the bus.
`;
